"""Why a prediction missed, as far as the measurements tell: which phase, and what of it was taken to be otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aigc.plan.cost_model.estimate import Estimate
from aigc.plan.cost_model.phases import PhaseName
from aigc.plan.cost_model.profiles import Profile
from aigc.plan.cost_model.roofline import Bound, Efficiency, Parameter, PhaseTime
from aigc.plan.ledger.entries import Entry, Method
from aigc.plan.ledger.scores import is_missed


@dataclass(frozen=True)
class Cause:
    """What of the phase that is furthest off explains it alone."""

    phase: PhaseName
    parameter: Parameter
    taken: float
    """What the prediction took the parameter to be."""
    seen: float
    """With which the phase would have been predicted as measured; above 1, of a share, the work itself is too much."""


@dataclass(frozen=True)
class Miss:
    """Rows of a model that missed for the same reason."""

    model: str
    accelerator_id: str
    method: Method
    cause: tuple[PhaseName, Parameter] | None
    """None where the measurements do not tell."""
    taken: float | None
    least_seen: float | None
    most_seen: float | None
    rows: int
    worst: Entry
    """The one whose latency is furthest off."""


def misses(found: Sequence[Entry]) -> Iterator[Miss]:
    """Missed rows by model and cause, in the order in which they come."""
    profiles = list(dict.fromkeys(one.measured for one in found))
    grouped: dict[tuple[object, ...], list[tuple[Entry, Cause | None]]] = {}
    for entry in filter(is_missed, found):
        cause = cause_of(entry, profiles)
        kind = None if cause is None else (cause.phase, cause.parameter)
        key = (entry.measured.accelerator_id, entry.method, entry.measured.model, kind)
        grouped.setdefault(key, []).append((entry, cause))
    for rows in grouped.values():
        yield _miss([entry for entry, _ in rows], [cause for _, cause in rows if cause is not None])


def cause_of(entry: Entry, profiles: Iterable[Profile]) -> Cause | None:
    """The largest cause; None where what was measured is not known by phase, or there was no prediction."""
    if not isinstance(entry.predicted, Estimate):
        return None
    measured_ms = _phases_ms(entry.measured, entry.predicted.phases, profiles)
    if measured_ms is None:
        return None
    pairs = zip(entry.predicted.phases, measured_ms, strict=True)
    phase, taken_ms = max(pairs, key=lambda pair: abs(pair[0].ms - pair[1]))
    return _explained(phase, taken_ms, entry.efficiency)


def _phases_ms(measured: Profile, phases: Sequence[PhaseTime], profiles: Iterable[Profile]) -> list[float] | None:
    """What each phase took: the first token alone was measured too, or there is one phase."""
    if len(phases) == 1:
        return [measured.latency_ms]
    first = measured.request.model_copy(update={"tokens_out": 1})
    alone = (measured.model, measured.accelerator_id, first, measured.batch)
    for one in profiles:
        if (one.model, one.accelerator_id, one.request, one.batch) == alone and one.latency_ms < measured.latency_ms:
            return [one.latency_ms, measured.latency_ms - one.latency_ms]
    return None


def _explained(phase: PhaseTime, measured_ms: float, efficiency: Efficiency) -> Cause:
    overhead_ms = phase.usual_steps * efficiency.step_overhead_ms
    roof_ms = phase.ms - overhead_ms
    if overhead_ms >= min(roof_ms, measured_ms):
        seen_ms = max(measured_ms - roof_ms, 0.0) / phase.usual_steps
        return Cause(phase.name, Parameter.STEP_OVERHEAD_MS, efficiency.step_overhead_ms, seen_ms)
    parameter = Parameter.COMPUTE if phase.bound is Bound.COMPUTE else Parameter.MEMORY
    taken = efficiency.compute if phase.bound is Bound.COMPUTE else efficiency.memory
    return Cause(phase.name, parameter, taken, taken * roof_ms / (measured_ms - overhead_ms))


def _miss(rows: Sequence[Entry], causes: Sequence[Cause]) -> Miss:
    first = rows[0]
    seen = [cause.seen for cause in causes]
    return Miss(
        model=first.measured.model,
        accelerator_id=first.measured.accelerator_id,
        method=first.method,
        cause=(causes[0].phase, causes[0].parameter) if causes else None,
        taken=causes[0].taken if causes else None,
        least_seen=min(seen, default=None),
        most_seen=max(seen, default=None),
        rows=len(rows),
        worst=max(rows, key=lambda one: abs(one.latency_error or 0.0)),
    )
