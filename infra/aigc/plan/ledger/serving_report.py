"""How far predictions of real Triton are off, per model and way, and what missed and why: as a document."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.ledger.report import rounded
from aigc.plan.ledger.scores import MISSED, Errors, errors_of
from aigc.plan.ledger.serving import Served, ServedBurst, Way, served_bursts, served_loads
from aigc.plan.ledger.serving_file import Loop, ServedModel, ServingFile

DISTURBED = 0.1
"""Share of the server's cores: where others had more, a measurement is theirs as well."""
NOISY = 0.2
"""Of p99 or throughput between rounds: apart by more, they do not tell which prediction would be right."""
FEWEST_ANSWERS = 368
"""With fewer, p99 has no upper bound of 95% among them (scripts/load/percentiles.py)."""


@dataclass(frozen=True)
class ServingScore:
    """A model, closed or open loop, predicted in one way."""

    model: str
    cpu: str
    loop: str
    way: Way
    loads: int
    missed: int
    without_bound: int
    """Of which p99 was predicted to have none, since more arrives than can be done: not among the errors of p99."""
    throughput: Errors | None
    """None where nothing was predicted."""
    p99: Errors | None


def is_missed(one: Served) -> bool:
    """Whether throughput or p99 is further off than what counts as met."""
    errors = (one.error("requests_per_second"), one.error("p99_ms"))
    return any(error is not None and abs(error) > MISSED for error in errors)


def loop_of(load: Loop) -> str:
    """Closed or open."""
    return "open" if load.rate else "closed"


def scores_of(found: Sequence[Served]) -> Iterator[ServingScore]:
    """In the order in which they come."""
    for key in dict.fromkeys((one.model, one.cpu, loop_of(one.load), one.way) for one in found):
        model, cpu, loop, way = key
        rows = [one for one in found if (one.model, one.cpu, loop_of(one.load), one.way) == key]
        throughput = errors_of(one.error("requests_per_second") for one in rows)
        p99_errors = [error for one in rows if (error := one.error("p99_ms")) is not None]
        p99 = errors_of(error for error in p99_errors if math.isfinite(error))
        without_bound = sum(map(math.isinf, p99_errors))
        missed = sum(map(is_missed, rows))
        yield ServingScore(model, cpu, loop, way, len(rows), missed, without_bound, throughput, p99)


def reason_of(one: Served, model: ServedModel) -> str:
    """Why it missed, as far as what was measured tells."""
    load = one.load
    if load.core_taken_by_others > DISTURBED:
        return f"others had {load.core_taken_by_others:.0%} of the server's core meanwhile"
    if load.answers < FEWEST_ANSWERS:
        return f"{load.answers} answers are too few for a p99"
    p99, rate = load.rounds_p99_ms, load.rounds_requests_per_second
    if p99.high > (1 + NOISY) * p99.low or rate.high > (1 + NOISY) * rate.low:
        return f"rounds of the same load are apart: p99 {p99.low:.4g} to {p99.high:.4g} ms"
    if one.way is Way.QUEUEING and model.batching.instances > 1:
        return f"{model.batching.instances} instances that share cores are taken for fewer"
    batch = one.error("mean_batch")
    if batch is not None and abs(batch) > MISSED:
        return f"batches of {load.mean_batch:.2f} were formed, predicted were {batch:+.0%} of that"
    return "not explained by the times of batches: what requests cost the server beside them, or the client"


def as_json(file: ServingFile) -> dict[str, Any]:
    """`scores`, `loads`, `bursts` and `misses`; errors are shares of what was measured."""
    found, models = list(served_loads(file)), {one.model: one for one in file.models}
    return {
        "scores": [rounded(asdict(one)) for one in scores_of(found)],
        "loads": [_row(one) for one in found],
        "bursts": [_burst(one) for one in served_bursts(file)],
        "misses": [{**_place(one), "reason": reason_of(one, models[one.model])} for one in found if is_missed(one)],
    }


def _place(one: Served) -> dict[str, Any]:
    load = {"concurrency": one.load.concurrency} if one.load.concurrency else {"rate": one.load.rate}
    return {"model": one.model, "way": one.way.value, **load}


def _row(one: Served) -> dict[str, Any]:
    if isinstance(one.expected, Rejection):
        return {**_place(one), "reason": one.expected.reason}
    quantities = asdict(one.expected)
    errors = {name: _finite(one.error(name)) for name in quantities}
    return {**_place(one), **rounded({name: _finite(value) for name, value in quantities.items()} | {"errors": errors})}


def _finite(value: float | None) -> float | None:
    """JSON has no infinity: None, as where nothing is predicted."""
    return value if value is not None and math.isfinite(value) else None


def _burst(one: ServedBurst) -> dict[str, Any]:
    place = {"model": one.model, "requests": one.burst.requests}
    if isinstance(one.expected_ms, Rejection):
        return {**place, "reason": one.expected_ms.reason}
    return {**place, **rounded({"ms": one.expected_ms, "error": one.error})}
