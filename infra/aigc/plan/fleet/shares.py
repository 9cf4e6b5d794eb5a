"""What a replica gets of an accelerator: all of it, a Multi-Instance GPU partition of it, or its turn of the time.

All accelerators of a pool are cut alike, since a pool's nodes are made from one description, and so are its replicas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from aigc.catalog.accelerators import Accelerator
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import Machine

WHOLE = "whole"
CLIENTS = (2, 4, 8)
"""Numbers of replicas that are considered for taking turns; GKE allows up to 48 (its guide to time-sharing GPUs)."""
_PARTITION = re.compile(r"([1-9])g\.([1-9][0-9]*)gb")
_GPU = "nvidia.com/gpu"


@dataclass(frozen=True)
class AcceleratorShare:
    """One way to cut an accelerator, and what each replica then has."""

    accelerator: Accelerator
    """Of a partition: its own memory, bandwidth and arithmetic."""
    name: str = WHOLE
    parts: int = 1
    """Replicas an accelerator."""
    turns: int = 1
    """Replicas that take turns on `accelerator`: each has its part of the memory, and waits for all others."""

    @cached_property
    def memory_view(self) -> Accelerator:
        """The accelerator with the memory that one replica may fill."""
        if self.turns == 1 or self.accelerator.memory_gb is None:
            return self.accelerator
        return self.accelerator.model_copy(update={"memory_gb": self.accelerator.memory_gb / self.turns})


def kind_name(accelerator_id: str, share: str) -> str:
    """What a replica gets, in words: `nvidia-l4 (whole)`."""
    return f"{accelerator_id} ({share})"


def shares_of(machine: Machine, accelerator: Accelerator) -> Iterator[AcceleratorShare]:
    """Every way to cut the machine's accelerators; partitions and turns where our pools have both: on GKE.

    AKS cuts GPUs, too, but from zero its autoscaler brings a node for each whole GPU that a part is taken for.
    """
    yield AcceleratorShare(accelerator)
    if machine.cloud != Cloud.GCP or machine.k8s_resource != _GPU:
        return
    for size, parts in accelerator.mig_partitions.items():
        if parts > 1:
            yield AcceleratorShare(_partition(accelerator, size), size, parts)
    for clients in CLIENTS:
        yield AcceleratorShare(accelerator, f"1/{clients} of the time", clients, clients)


def _partition(accelerator: Accelerator, size: str) -> Accelerator:
    """`1g.10gb` of `7g.80gb` has one of seven parts of the arithmetic, and of the bandwidth what it has of the memory.

    The guide to Multi-Instance GPU (source S36 of the catalog): fractions of memory and of multiprocessors of a
    profile. Sizes in names are rounded, so that 18 of 141 GB stand for an eighth.
    """
    slices, gb = _sized(size)
    all_slices, all_gb = (max(part) for part in zip(*map(_sized, accelerator.mig_partitions), strict=True))
    arithmetic, memory = slices / all_slices, gb / all_gb
    peaks = [name for name in type(accelerator).model_fields if name.endswith(("_tflops", "_tops"))]
    shrunk = dict.fromkeys(peaks, arithmetic) | {"memory_bandwidth_gb_s": memory}
    changed = {name: _times(getattr(accelerator, name), factor) for name, factor in shrunk.items()}
    name = f"{size} of {accelerator.accelerator}"
    own = {"memory_gb": gb, "accelerator": name, "accelerator_id": f"{accelerator.accelerator_id}/{size}"}
    return accelerator.model_copy(update={**changed, **own})


def _sized(size: str) -> tuple[float, float]:
    """Parts of the arithmetic, and GB."""
    found = _PARTITION.fullmatch(size)
    if found is None:
        raise ValueError(f"{size} is no size of a partition")
    return float(found[1]), float(found[2])


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
