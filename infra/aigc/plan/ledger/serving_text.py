"""What the ledger says of real Triton, for a person: a table of all loads, and what missed and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.ledger.scores import MISSED
from aigc.plan.ledger.serving import Served, ServedBurst, served_bursts, served_loads
from aigc.plan.ledger.serving_file import Loop, ServingFile
from aigc.plan.ledger.serving_report import ServingScore, is_missed, reason_of, scores_of

HEAD = ("model", "loop, load", "predicted by", "requests/s", "is", "off", "p99 ms", "is", "off")
LEFT_COLUMNS = 3


def render_serving(file: ServingFile) -> str:
    """All of it for a person."""
    return "\n".join(_lines(file)) + "\n"


def _lines(file: ServingFile) -> Iterator[str]:
    found, models = list(served_loads(file)), {one.model: one for one in file.models}
    cores = f"{file.server_cores} core{'s' if file.server_cores > 1 else ''}"
    yield f"\nReal Triton on {cores} of {file.cpu}, {file.date}, predicted from the times of its batches alone"
    yield from table([HEAD, *map(_cells, found)])
    yield from (f"  {_score(one)}" for one in scores_of(found))
    yield from (f"  {_burst(one)}" for one in served_bursts(file))
    missed = [one for one in found if is_missed(one)]
    if missed:
        yield f"  missed by more than {MISSED:.0%}:"
    for one in missed:
        yield f"    {one.model}, {load_words(one.load)}, by {one.way}: {reason_of(one, models[one.model])}"


def _score(one: ServingScore) -> str:
    place = f"{one.model}, {one.loop} loop by {one.way}"
    if one.throughput is None:
        return f"{place}: not predicted"
    p99 = f"{one.p99.median:.0%}, {one.p99.worst:+.0%}" if one.p99 else "none has a bound"
    if one.p99 and one.without_bound:
        p99 += f", without a bound for {one.without_bound}"
    return (
        f"{place}: throughput {one.throughput.median:.0%} at the median, {one.throughput.worst:+.0%} at worst; p99 "
        f"{p99}; {one.missed} of {one.loads} off by more than {MISSED:.0%}"
    )


def _burst(one: ServedBurst) -> str:
    place = f"{one.model}, {one.burst.requests} requests at once"
    if isinstance(one.expected_ms, Rejection):
        return f"{place}: {one.expected_ms.reason}"
    return f"{place}: {one.burst.ms:.4g} ms to the last answer, {one.error:+.0%}"


def _cells(one: Served) -> tuple[str, ...]:
    place = (one.model, load_words(one.load), str(one.way))
    if isinstance(one.expected, Rejection):
        return (*place, *[""] * (len(HEAD) - LEFT_COLUMNS - 1), one.expected.reason)
    cells: list[str] = []
    for name in ("requests_per_second", "p99_ms"):
        cells += [f"{getattr(one.expected, name):.4g}", f"{getattr(one.load, name):.4g}", f"{one.error(name):+.0%}"]
    return (*place, *cells)


def load_words(load: Loop) -> str:
    """The loop, and its users or its rate."""
    return f"open, {load.rate:.4g} a second" if load.rate else f"closed, {load.concurrency}"


def table(cells: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table whose first columns are words, and all others numbers."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        left = [cell.ljust(width) for cell, width in zip(row[:LEFT_COLUMNS], widths, strict=False)]
        yield "  " + "  ".join([*left, *map(str.rjust, row[LEFT_COLUMNS:], widths[LEFT_COLUMNS:])]).rstrip()
