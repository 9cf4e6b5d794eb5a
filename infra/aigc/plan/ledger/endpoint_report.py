"""How far predictions of loads of deployed endpoints are off, per model and hardware, and what missed and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aigc.plan.ledger.endpoint_load import QUANTITIES, Basis, EndpointLoad, NotPredicted
from aigc.plan.ledger.report import rounded
from aigc.plan.ledger.scores import MISSED, Errors, errors_of
from aigc.plan.ledger.serving_report import loop_of


@dataclass(frozen=True)
class EndpointScore:
    """A model on its hardware, closed or open loop, predicted in one way."""

    model: str
    hardware: str | None
    loop: str
    basis: Basis
    loads: int
    missed: int
    without_bound: int
    """Of which latencies were predicted to have none: not among the errors of latencies."""
    requests_per_second: Errors | None
    """None where it was not predicted or not measured, as with the latencies."""
    p50_ms: Errors | None
    p99_ms: Errors | None


def is_missed(one: EndpointLoad) -> bool:
    """Whether throughput, p50 or p99 is further off than what counts as met."""
    return any(error is not None and abs(error) > MISSED for error in map(one.error, QUANTITIES))


def endpoint_scores(found: Sequence[EndpointLoad]) -> Iterator[EndpointScore]:
    """Of those that were predicted, in the order in which they come."""
    grouped: dict[tuple[str, str | None, str, Basis], list[EndpointLoad]] = {}
    for one in found:
        if not isinstance(one.predicted, NotPredicted):
            key = (one.model, one.predicted.hardware, loop_of(one.loop), one.predicted.basis)
            grouped.setdefault(key, []).append(one)
    for key, rows in grouped.items():
        unbounded = sum(not isinstance(one.predicted, NotPredicted) and one.predicted.without_bound for one in rows)
        errors = (errors_of(one.errors[quantity] for one in rows) for quantity in QUANTITIES)
        yield EndpointScore(*key, len(rows), sum(map(is_missed, rows)), unbounded, *errors)


def reason_of(one: EndpointLoad) -> str:
    """Why it missed, as far as the run tells: what was measured otherwise than meant, else what nobody predicted."""
    if one.doubts:
        return "; ".join(one.doubts)
    if isinstance(one.predicted, NotPredicted) or not one.predicted.left_out:
        return "not explained by what was left out"
    return f"not in the prediction: {'; '.join(one.predicted.left_out)}"


def loads_json(found: Sequence[EndpointLoad]) -> dict[str, Any]:
    """`scores`, `rows` and `misses`; errors are shares of what was measured."""
    return {
        "scores": [rounded(asdict(one)) for one in endpoint_scores(found)],
        "rows": [_row(one) for one in found],
        "misses": [{"file": one.file, "reason": reason_of(one)} for one in found if is_missed(one)],
    }


def _row(one: EndpointLoad) -> dict[str, Any]:
    measured = {quantity: getattr(one, quantity) for quantity in QUANTITIES}
    return {
        "file": one.file,
        "model": one.model,
        "hardware": one.predicted.hardware,
        "loop": loop_of(one.loop),
        **one.loop.model_dump(exclude_none=True),
        **rounded(measured),
        "doubts": [*one.doubts],
        "predicted": rounded(one.predicted.model_dump(mode="json")),
        "errors": rounded(one.errors),
    }
