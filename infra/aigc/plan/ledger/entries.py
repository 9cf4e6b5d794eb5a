"""What would have been predicted of each measured batch, had its model never been measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from aigc.catalog.accelerators import Accelerator
from aigc.plan.cost_model.calibration import calibrated
from aigc.plan.cost_model.estimate import Estimate, estimate
from aigc.plan.cost_model.profiles import Profile
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.roofline import ASSUMED, Efficiency
from aigc.plan.cost_model.served_work import ServedWork


class Method(StrEnum):
    """How the prediction was made."""

    ASSUMED = "assumed"
    """By roofline, with what is assumed of every accelerator."""
    CALIBRATED = "calibrated"
    """By roofline, with what the accelerator's profiles of all other models say of it."""


@dataclass(frozen=True)
class Entry:
    """One measured batch, and one prediction of it."""

    measured: Profile
    method: Method
    efficiency: Efficiency
    """That the prediction took."""
    predicted: Estimate | Rejection

    @property
    def latency_error(self) -> float | None:
        """As a share of what was measured, above 0 where too much was predicted; None without a prediction."""
        if isinstance(self.predicted, Rejection):
            return None
        return self.predicted.latency_ms / self.measured.latency_ms - 1

    @property
    def throughput_error(self) -> float | None:
        """Likewise."""
        if isinstance(self.predicted, Rejection):
            return None
        return self.predicted.requests_per_second / self.measured.requests_per_second - 1


def entries(
    profiles: Sequence[Profile], models: Mapping[str, ServedWork], accelerators: Mapping[str, Accelerator]
) -> Iterator[Entry]:
    """Two of each profile; that of a model whose work nobody stated is predicted by a rejection.

    Args:
        profiles: Measured batches; each accelerator's are calibrated by themselves.
        models: The work of each by its name.
        accelerators: The catalog's, with every one that was measured.
    """
    learned: dict[tuple[str, str], Efficiency] = {}
    for profile in profiles:
        accelerator = accelerators[profile.accelerator_id]
        unknown = Rejection(f"the work of {profile.model} is not known")
        served = models.get(profile.model) or ServedWork(profile.model, unknown)
        left_out = (profile.accelerator_id, profile.model)
        if left_out not in learned:
            others = [one for one in profiles if one.model != profile.model]
            learned[left_out] = calibrated(accelerator, others, models.values())
        for method, efficiency in ((Method.ASSUMED, ASSUMED), (Method.CALIBRATED, learned[left_out])):
            predicted = estimate(served, accelerator, profile.request, profile.batch, (), efficiency)
            yield Entry(profile, method, efficiency, predicted)


def of_method(found: Iterable[Entry], method: Method) -> list[Entry]:
    """Those that were predicted in one way."""
    return [one for one in found if one.method is method]
