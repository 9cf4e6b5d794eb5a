"""The ledger for a person: a table for each way of predicting, and what missed and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aigc.plan.cost_model.phases import USUAL_LAYERS
from aigc.plan.cost_model.request import Request
from aigc.plan.cost_model.roofline import Parameter
from aigc.plan.ledger.causes import Miss, misses
from aigc.plan.ledger.entries import Entry, Method
from aigc.plan.ledger.report import KeptLedger, KeptScore
from aigc.plan.ledger.scores import MISSED, Score, scores

TITLES = {
    Method.ASSUMED: "by roofline with the default efficiencies",
    Method.CALIBRATED: "by roofline with the efficiencies that all other models show",
}
_PARAMETERS = {
    Parameter.COMPUTE: "{} of peak arithmetic",
    Parameter.MEMORY: "{} of memory bandwidth",
    Parameter.STEP_OVERHEAD_MS: f"{{}} ms of overhead a step of {USUAL_LAYERS} layers",
}


def render_ledger(found: Sequence[Entry], before: KeptLedger | None = None) -> str:
    """The whole ledger; with an earlier one, what its errors were beside those that have changed."""
    return "\n".join(_lines(found, before)) + "\n"


def _lines(found: Sequence[Entry], before: KeptLedger | None) -> Iterator[str]:
    yield "Predicted without the measurement, against what was measured; above 0 is too much, medians are of sizes"
    if before is not None:
        yield f"In brackets: the errors of {before.date}, at commit {before.commit[:12]}, where they were others"
    every = list(scores(found))
    missed = list(misses(found))
    for accelerator_id, method in dict.fromkeys((one.accelerator_id, one.method) for one in every):
        yield f"\n{accelerator_id}, {TITLES[method]}"
        here = [one for one in every if (one.accelerator_id, one.method) == (accelerator_id, method)]
        yield from _table(here, before)
        causes = [one for one in missed if (one.accelerator_id, one.method) == (accelerator_id, method)]
        if causes:
            yield f"  missed by more than {MISSED:.0%}:"
        for one in causes:
            yield f"    {_said(one)}"


def _table(rows: Sequence[Score], before: KeptLedger | None) -> Iterator[str]:
    head = ("model", "rows", "missed", "latency median", "worst", "throughput median", "worst")
    cells = [head, *(_cells(one, _kept(one, before)) for one in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  " + "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])


def _cells(score: Score, kept: KeptScore | None) -> tuple[str, ...]:
    errors: list[str] = []
    for now, then in ((score.latency, kept and kept.latency), (score.throughput, kept and kept.throughput)):
        if now is None:
            errors += ["none", "none"]
            continue
        errors.append(_changed(f"{now.median:.0%}", f"{then.median:.0%}" if then else None))
        errors.append(_changed(f"{now.worst:+.0%}", f"{then.worst:+.0%}" if then else None))
    missed = f"{score.missed}" + (f", {score.not_predicted} not predicted" if score.not_predicted else "")
    return (score.model, str(score.rows), missed, *errors)


def _changed(now: str, then: str | None) -> str:
    return now if then in {None, now} else f"{now} ({then})"


def _kept(score: Score, before: KeptLedger | None) -> KeptScore | None:
    key = (score.model, score.accelerator_id, score.method)
    same = (one for one in (before.scores if before else ()) if (one.model, one.accelerator_id, one.method) == key)
    return next(same, None)


def _said(one: Miss) -> str:
    worst = one.worst
    error = worst.latency_error or 0.0
    where = f"{error:+.0%} at worst ({_asked(worst.measured.request)}, batch {worst.measured.batch})"
    if one.cause is None or one.least_seen is None or one.most_seen is None:
        why = "which phase is off was not measured"
    else:
        phase, parameter = one.cause
        least, most = f"{one.least_seen:.2g}", f"{one.most_seen:.2g}"
        seen = least if least == most else f"{least} to {most}"
        why = f"{phase} shows {_PARAMETERS[parameter].format(seen)}, {one.taken:.2g} was taken"
    return f"{one.model}, {one.rows} row{'s' if one.rows > 1 else ''}, {where}: {why}"


def _asked(request: Request) -> str:
    return ", ".join(f"{key} {value:g}" for key, value in request.model_dump(exclude_defaults=True).items())
