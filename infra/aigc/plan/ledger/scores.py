"""How far predictions are off, per model and accelerator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from aigc.plan.ledger.entries import Entry, Method

MISSED = 0.2
"""From this error on, of latency or throughput, a prediction is named as missed."""
ALL_MODELS = "all models"


@dataclass(frozen=True)
class Errors:
    """Of one quantity, as shares of what was measured."""

    median: float
    """Of sizes, whatever the sign."""
    worst: float
    """The largest in size, with its sign: above 0 where too much was predicted."""


@dataclass(frozen=True)
class Score:
    """A model on an accelerator, predicted in one way."""

    model: str
    accelerator_id: str
    method: Method
    rows: int
    """Measured batches."""
    not_predicted: int
    missed: int
    latency: Errors | None
    """None where nothing was predicted."""
    throughput: Errors | None


def scores(found: Sequence[Entry]) -> Iterator[Score]:
    """Each model on each accelerator, and then all models together, predicted in each way."""
    places = dict.fromkeys((one.measured.accelerator_id, one.method) for one in found)
    for accelerator_id, method in places:
        here = [one for one in found if (one.measured.accelerator_id, one.method) == (accelerator_id, method)]
        for model in dict.fromkeys(one.measured.model for one in here):
            yield _score(model, accelerator_id, method, [one for one in here if one.measured.model == model])
        yield _score(ALL_MODELS, accelerator_id, method, here)


def is_missed(entry: Entry) -> bool:
    """Whether latency or throughput is further off than what counts as met."""
    return any(error is not None and abs(error) > MISSED for error in (entry.latency_error, entry.throughput_error))


def _score(model: str, accelerator_id: str, method: Method, rows: Sequence[Entry]) -> Score:
    return Score(
        model=model,
        accelerator_id=accelerator_id,
        method=method,
        rows=len(rows),
        not_predicted=sum(one.latency_error is None for one in rows),
        missed=sum(is_missed(one) for one in rows),
        latency=errors_of(one.latency_error for one in rows),
        throughput=errors_of(one.throughput_error for one in rows),
    )


def errors_of(found: Iterable[float | None]) -> Errors | None:
    """Median and worst of those that are known."""
    known = [error for error in found if error is not None]
    return Errors(median(map(abs, known)), max(known, key=abs)) if known else None
