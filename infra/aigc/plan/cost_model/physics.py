"""What an accelerator can do in a model's numbers, or which of it nobody knows."""

from __future__ import annotations

from dataclasses import dataclass

from aigc.catalog.accelerators import Accelerator, accelerators
from aigc.catalog.model_work import ModelWork
from aigc.config.problems import printable
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.request import Request

GB = 1e9
TERA = 1e12


@dataclass(frozen=True)
class Physics:
    """The two roofs."""

    flops_per_second: float
    bytes_per_second: float


def accelerator_by_id(accelerator_id: str) -> Accelerator | Rejection:
    """The row of the catalog."""
    found = accelerators().get(accelerator_id)
    return found or Rejection(f"the catalog knows nothing of the accelerator {printable(accelerator_id)}")


def physics_of(accelerator: Accelerator, work: ModelWork) -> Physics | Rejection:
    """Peak of arithmetic in the model's precision, and of memory."""
    peak_tflops = accelerator.peak_tflops(work.precision)
    if peak_tflops is None:
        return Rejection(f"the {work.precision} peak of {accelerator.accelerator} is not known")
    if accelerator.memory_bandwidth_gb_s is None:
        return Rejection(f"the memory bandwidth of {accelerator.accelerator} is not known")
    return Physics(peak_tflops * TERA, accelerator.memory_bandwidth_gb_s * GB)


def does_not_fit(accelerator: Accelerator, work: ModelWork, request: Request, batch: int) -> Rejection | None:
    """Why weights and the key-value cache of a batch exceed the memory; None where they do not."""
    if accelerator.memory_gb is None:
        return Rejection(f"the memory of {accelerator.accelerator} is not known")
    cache_bytes = work.kv_cache_bytes_per_token * request.tokens
    room_bytes = accelerator.memory_gb * GB - work.weight_bytes
    if cache_bytes * batch <= room_bytes:
        return None
    has = f"{accelerator.accelerator} has {accelerator.memory_gb:g} GB"
    if room_bytes < cache_bytes:
        needed = f"{work.weight_bytes / GB:.4g} GB of weights and {cache_bytes / GB:.4g} GB of cache a request"
        return Rejection(f"{has}, less than {needed}", largest_batch=0)
    largest = int(room_bytes // cache_bytes)
    needed_gb = (work.weight_bytes + cache_bytes * batch) / GB
    reason = f"{has}, a batch of {batch} needs {needed_gb:.4g} GB; the largest batch that fits is {largest}"
    return Rejection(reason, largest_batch=largest)
