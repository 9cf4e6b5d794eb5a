"""What a batch of a model takes on an accelerator: measured where profiles cover it, else by roofline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from aigc.catalog.accelerators import Accelerator
from aigc.plan.cost_model.physics import does_not_fit
from aigc.plan.cost_model.profiles import Profile, Speed, measured_at, profiles_of
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.request import Request
from aigc.plan.cost_model.roofline import ASSUMED, Efficiency, PhaseTime, roofs_of, speed_of
from aigc.plan.cost_model.served_work import ServedWork, exceeds_context


class Basis(StrEnum):
    """Where an estimate is from."""

    MEASURED = "measured"
    ROOFLINE = "roofline"


@dataclass(frozen=True)
class Estimate:
    """A batch of like requests on one accelerator that does nothing else."""

    batch: int
    latency_ms: float
    """From the batch's start to its last answer."""
    requests_per_second: float
    """With batches of this size one after the other."""
    basis: Basis
    phases: tuple[PhaseTime, ...]
    """Of the roofline; empty where it was measured."""
    assumed: tuple[str, ...]
    """What the estimate takes for granted and nobody has measured, in words."""
    most_joules_per_request: float | None
    """At the accelerator's thermal design power throughout; None where that is unknown."""


def estimate(
    served: ServedWork,
    accelerator: Accelerator,
    request: Request,
    batch: int,
    profiles: Sequence[Profile] = (),
    efficiency: Efficiency = ASSUMED,
) -> Estimate | Rejection:
    """Latency and throughput of `batch` requests at once, or why there is no saying.

    Args:
        served: What the model computes.
        accelerator: What does it; one of it holds the whole model.
        request: Every request of the batch.
        batch: At least 1.
        profiles: Measurements; those of another model, accelerator or request are passed over.
        efficiency: Of this accelerator, as `calibrated` finds it.
    """
    if batch < 1:
        raise ValueError(f"a batch has at least 1 request, not {batch}")
    measured = measured_at(profiles_of(profiles, served.model, accelerator.accelerator_id, request), batch)
    if measured is not None:
        return _estimate(accelerator, batch, measured, Basis.MEASURED)
    work = served.work
    if isinstance(work, Rejection):
        return work
    if refused := exceeds_context(served, request) or does_not_fit(accelerator, work, request, batch):
        return refused
    roofs = roofs_of(served.model, work, accelerator, request)
    if isinstance(roofs, Rejection):
        return roofs
    times = roofs.times(batch, efficiency)
    assumed = tuple(efficiency.assumptions())
    return _estimate(accelerator, batch, speed_of(times, batch), Basis.ROOFLINE, times, assumed)


def _estimate(
    accelerator: Accelerator,
    batch: int,
    speed: Speed,
    basis: Basis,
    phases: tuple[PhaseTime, ...] = (),
    assumed: tuple[str, ...] = (),
) -> Estimate:
    watts = accelerator.tdp_w
    joules = None if watts is None else watts / speed.requests_per_second
    return Estimate(batch, speed.latency_ms, speed.requests_per_second, basis, phases, assumed, joules)
