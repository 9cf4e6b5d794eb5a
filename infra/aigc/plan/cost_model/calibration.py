"""Learns from profiles how much of its peaks an accelerator reaches."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from aigc.catalog.accelerators import Accelerator
from aigc.plan.cost_model.profiles import Profile
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.roofline import ASSUMED, Efficiency, Parameter, Roofs, roofs_of, speed_of
from aigc.plan.cost_model.served_work import ServedWork

Array = NDArray[np.float64]

LEAST_EFFICIENCY = 1e-4
_STARTS = (0.1, 0.6)
"""Of each parameter: from where all phases are under one roof, the other one cannot be seen."""
_MOST_OVERHEAD = 4.0
"""Of all that the quickest step takes: models differ in kernels a layer, and one with few must not speak for all."""
_BLURRED = 0.01
"""Directions in which the errors change so little, of the most that they change in any, are not determined."""
_INVOLVED = 0.1
"""Share of a parameter in such a direction from which it is not determined either."""
_ASSUMED_FIRST = (Parameter.STEP_OVERHEAD_MS, Parameter.COMPUTE, Parameter.MEMORY)


@dataclass(frozen=True)
class _Sample:
    """A profile and what is to be explained by it."""

    profile: Profile
    roofs: Roofs

    def errors(self, efficiency: Efficiency) -> tuple[float, float]:
        """Logarithms of predicted over measured latency and throughput."""
        batch = self.profile.batch
        speed = speed_of(self.roofs.times(batch, efficiency), batch)
        return (
            float(np.log(speed.latency_ms / self.profile.latency_ms)),
            float(np.log(speed.requests_per_second / self.profile.requests_per_second)),
        )


def calibrated(accelerator: Accelerator, profiles: Iterable[Profile], models: Iterable[ServedWork]) -> Efficiency:
    """The efficiencies that explain an accelerator's profiles best, by least squares of the errors' logarithms.

    What the profiles do not determine stays assumed: peak arithmetic where all phases wait for memory, the overhead
    where a single profile could as well be slow memory. Profiles of other accelerators, and of models whose work is not
    known, are passed over.
    """
    samples = list(_samples(accelerator, profiles, {served.model: served for served in models}))
    free = list(Parameter)
    while samples and free:
        efficiency, vague = _fitted(samples, free)
        if not vague:
            return efficiency
        free.remove(next(one for one in _ASSUMED_FIRST if one in vague))
    return ASSUMED


def _samples(
    accelerator: Accelerator, profiles: Iterable[Profile], models: Mapping[str, ServedWork]
) -> Iterable[_Sample]:
    for profile in profiles:
        served = models.get(profile.model)
        if profile.accelerator_id != accelerator.accelerator_id or served is None:
            continue
        if isinstance(served.work, Rejection):
            continue
        roofs = roofs_of(profile.model, served.work, accelerator, profile.request)
        if not isinstance(roofs, Rejection):
            yield _Sample(profile, roofs)


def _fitted(samples: Sequence[_Sample], free: Sequence[Parameter]) -> tuple[Efficiency, set[Parameter]]:
    """The best fit of the free parameters, and those of them that the samples do not determine."""
    # Overhead is counted in the quickest step, all of it, so that each parameter is a number of about 1 at most.
    step_ms = min(sample.profile.latency_ms / sample.roofs.usual_steps for sample in samples)

    def efficiency_at(point: Array) -> Efficiency:
        found = dict(zip(free, point, strict=True))
        # An assumed overhead must leave some of every measured step to the work.
        overhead_ms = min(ASSUMED.step_overhead_ms, step_ms / 2)
        if Parameter.STEP_OVERHEAD_MS in found:
            overhead_ms = float(found[Parameter.STEP_OVERHEAD_MS] * step_ms)
        return Efficiency(
            compute=float(found.get(Parameter.COMPUTE, ASSUMED.compute)),
            memory=float(found.get(Parameter.MEMORY, ASSUMED.memory)),
            step_overhead_ms=overhead_ms,
            measured=frozenset(free),
        )

    def errors(point: Array) -> Array:
        efficiency = efficiency_at(point)
        return np.array([error for sample in samples for error in sample.errors(efficiency)])

    least = [0.0 if one is Parameter.STEP_OVERHEAD_MS else LEAST_EFFICIENCY for one in free]
    most = [_MOST_OVERHEAD if one is Parameter.STEP_OVERHEAD_MS else 1.0 for one in free]
    starts = itertools.product(_STARTS, repeat=len(free))
    fits = [least_squares(errors, np.array(start), bounds=(least, most), xtol=1e-12) for start in starts]
    best = min(fits, key=lambda fit: float(fit.cost))
    # By relative changes of an efficiency, and of the overhead by its share of the quickest step.
    scale = np.array([1.0 if one is Parameter.STEP_OVERHEAD_MS else best.x[at] for at, one in enumerate(free)])
    return efficiency_at(best.x), _vague(best.jac * scale, free)


def _vague(slopes: Array, free: Sequence[Parameter]) -> set[Parameter]:
    """Parameters that can be changed, alone or against each other, without a change in the errors."""
    _, strengths, directions = np.linalg.svd(slopes)
    strengths = np.pad(strengths, (0, len(free) - len(strengths)))
    blurred = directions[strengths <= _BLURRED * max(strengths[0], _BLURRED)]
    share = np.linalg.norm(blurred, axis=0) if len(blurred) else np.zeros(len(free))
    return {one for one, involved in zip(free, share, strict=True) if involved > _INVOLVED}
