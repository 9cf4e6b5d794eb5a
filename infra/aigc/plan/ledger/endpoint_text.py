"""What the ledger says of loads of deployed endpoints, for a person: a table for each hardware, what missed and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aigc.plan.ledger.endpoint_load import QUANTITIES, EndpointLoad, NotPredicted
from aigc.plan.ledger.endpoint_report import EndpointScore, endpoint_scores, is_missed, reason_of
from aigc.plan.ledger.scores import MISSED, Errors
from aigc.plan.ledger.serving_text import load_words, table

HEAD = ("model", "loop, load", "predicted by", *(
    cell for name in ("requests/s", "p50 ms", "p99 ms") for cell in (name, "is", "off")
))  # fmt: skip
UNKNOWN = "hardware that is not known"
MISSING = "-"


def render_loads(found: Sequence[EndpointLoad]) -> str:
    """All of it for a person."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Sequence[EndpointLoad]) -> Iterator[str]:
    scores = list(endpoint_scores(found))
    for hardware in dict.fromkeys(one.predicted.hardware for one in found):
        here = [one for one in found if one.predicted.hardware == hardware]
        yield f"\nEndpoints under load on {hardware or UNKNOWN}, against what was predicted before"
        yield from table([HEAD, *map(_cells, here)])
        yield from (f"  {_score(one)}" for one in scores if one.hardware == hardware)
        missed = [one for one in here if is_missed(one)]
        if missed:
            yield f"  missed by more than {MISSED:.0%}:"
        yield from (f"    {_place(one)}: {reason_of(one)}" for one in missed)
        nothing = [(one, one.predicted.reason) for one in here if isinstance(one.predicted, NotPredicted)]
        if nothing:
            yield "  not predicted:"
        yield from (f"    {_place(one)}: {reason}" for one, reason in nothing)


def _place(one: EndpointLoad) -> str:
    return f"{one.model}, {load_words(one.loop)} ({one.file})"


def _score(one: EndpointScore) -> str:
    errors = "; ".join(
        f"{name} {_errors(found)}"
        for name, found in (("throughput", one.requests_per_second), ("p50", one.p50_ms), ("p99", one.p99_ms))
    )
    unbounded = f", latencies without a bound for {one.without_bound}" if one.without_bound else ""
    return (
        f"{one.model}, {one.loop} loop by {one.basis}: {errors}{unbounded}; {one.missed} of {one.loads} off by more "
        f"than {MISSED:.0%}"
    )


def _errors(found: Errors | None) -> str:
    return "no error known" if found is None else f"{found.median:.0%} at the median, {found.worst:+.0%} at worst"


def _cells(one: EndpointLoad) -> tuple[str, ...]:
    basis = MISSING if isinstance(one.predicted, NotPredicted) else str(one.predicted.basis)
    cells = [one.model, load_words(one.loop), basis]
    for quantity in QUANTITIES:
        measured = getattr(one, quantity)
        predicted = None if isinstance(one.predicted, NotPredicted) else getattr(one.predicted, quantity)
        cells += [*(MISSING if value is None else f"{value:.4g}" for value in (predicted, measured))]
        cells.append(one.error_words(quantity) or MISSING)
    return tuple(cells)
