"""Machine types of every cloud with what they carry and cost, from machines.yaml: one row is one machine type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from pydantic import Field

from aigc.catalog.data import Row, read_yaml, typed
from aigc.catalog.gke import GKE_ACCELERATOR_LABEL, GKE_TPU_LABEL, TPU_RESOURCE
from aigc.catalog.kinds import Cloud


class Machine(Row):
    """One machine type; None is unknown."""

    cloud: str
    machine_type: str
    vcpus: int | None = None
    memory_gib: float | None = None
    architecture: str = "x86_64"
    """Of its processor: `x86_64` or `arm64`."""
    max_pods: int | None = None
    """Pods that a node can give addresses to; only AWS, where each takes an address of a network interface."""
    accelerator: str | None
    accelerator_id: str | None
    accelerator_count: float | None = None
    """Below 1 on machines that carry a slice of a GPU."""
    accelerator_memory_gib: float | None = None
    usd_per_hour_on_demand: float | None = None
    usd_per_hour_spot: float | None = None
    price_region: str | None = None
    k8s_resource: str | None = None
    """Extended resource its device plugin advertises; `cpu` without an accelerator."""
    node_labels: dict[str, str] = Field(default={})
    quota: dict[str, Any] = Field(default={})
    status: str
    note: str | None = None
    source: tuple[str, ...]
    efa_interfaces: int = 0
    efa_first_card: int | None = 0
    """First of the network cards that have an Elastic Fabric Adapter, one a card."""
    no_image: dict[str, str] = Field(default={})
    """Family of system images -> why none of it is for this machine, where its maker has one for its kind."""
    no_karpenter: str | None = None
    """Why Karpenter makes no node of it where AKS runs it; None: it does."""
    neuroncores: int | None = None
    chips_per_node: int | None = None
    topologies_single_host: tuple[str, ...] = ()
    topologies_multi_host: tuple[str, ...] = ()
    topology_cubes: int | None = None
    """Besides those named: every axis a multiple of 4, none shorter than the one before, so many cubes of 4x4x4."""
    workload_policy: bool = False
    """Whether several hosts are placed by a workload policy of the region, and not by the node pool's own words."""
    flex_start: bool = True
    """Whether GKE's flex-start has it; only of accelerators."""
    boot_disk_type: str | None = None
    """The kind of disk that it boots from where it takes only one; None: the cloud's own choice will do."""
    accelerator_part_usd_per_hour: float | None = None
    accelerator_part_usd_per_hour_spot: float | None = None
    accelerator_part_usd_per_hour_unconfirmed: float | None = None

    @property
    def retired(self) -> bool:
        """No new node of it can be had."""
        return self.status.startswith(("retired", "retiring or retired"))

    @property
    def is_one_machine(self) -> bool:
        """False for rows that stand for a family or for a machine with parts attached (`n1-* + nvidia-tesla-v100`)."""
        return "*" not in self.machine_type and "+" not in self.machine_type

    @property
    def is_tpu(self) -> bool:
        """Whether its chips are wired to those of other machines, in a shape that has to be named."""
        return self.k8s_resource == TPU_RESOURCE

    @property
    def size_is_known(self) -> bool:
        """Whether processors and memory are; a TPU's host serves its chips, so there one can do without."""
        return self.is_tpu or (self.vcpus is not None and self.memory_gib is not None)

    @property
    def accelerator_label(self) -> str | None:
        """What GKE itself calls the accelerator; None elsewhere."""
        return self.node_labels.get(GKE_ACCELERATOR_LABEL) or self.node_labels.get(GKE_TPU_LABEL)

    @property
    def resource_key(self) -> str | None:
        """The extended resource a pod requests; None on a CPU machine."""
        return self.k8s_resource if self.accelerator_id else None


_OF_THE_CARD = "<id>"
"""In a row's resource: what only the programmed card knows, as with FPGAs."""


class _File(Row):
    generated: str
    about: str
    sources: dict[str, str]
    instances: tuple[Machine, ...]


@cache
def _file() -> _File:
    return typed(_File, read_yaml("machines.yaml"), "catalog/machines.yaml")


@cache
def machines(cloud: Cloud | str) -> Mapping[str, Machine]:
    """Every machine type of one cloud by its name."""
    return MappingProxyType({row.machine_type: row for row in _file().instances if row.cloud == str(cloud)})


@cache
def all_machines() -> tuple[Machine, ...]:
    """Every row."""
    return _file().instances


@cache
def sources() -> Mapping[str, str]:
    """Where the numbers are from, by the key the rows cite."""
    return MappingProxyType(_file().sources)


def no_less_than(machine: Machine, columns: Iterable[str]) -> tuple[Machine, ...]:
    """Machines of the same cloud that can be had and carry no less, in each column, of the same kind of accelerator."""

    def holds(other: Machine, column: str) -> bool:
        return (getattr(other, column) or 0) >= (getattr(machine, column) or 0)

    return tuple(
        row
        for row in machines(machine.cloud).values()
        if row.resource_key == machine.resource_key
        # An FPGA is advertised by nobody, and yet no machine without one does in its place, nor the other way.
        and (row.accelerator_id is None) == (machine.accelerator_id is None)
        and row.is_one_machine
        and not row.retired
        and all(holds(row, column) for column in ("accelerator_count", "accelerator_memory_gib", *columns))
    )


def nearest_living(machine: Machine) -> Machine | None:
    """The cheapest machine with a price that can be had in place of one with an accelerator, and carries no less."""
    living = [row for row in no_less_than(machine, ()) if row.accelerator_id and row.usd_per_hour_on_demand is not None]
    return min(living, key=lambda row: (row.usd_per_hour_on_demand, row.machine_type), default=None)


def resource_key_of(accelerator_id: str) -> str | None:
    """The extended resource under which any cloud advertises this accelerator; None where the card itself names it."""
    key = next((row.resource_key for row in all_machines() if row.accelerator_id == accelerator_id), None)
    return None if key is None or _OF_THE_CARD in key else key
