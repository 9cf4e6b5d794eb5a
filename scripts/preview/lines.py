"""Parts of a report as lines of text, shared by the forms for a terminal and for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from aigc.plan.cost_text import cost_facts
from aigc.plan.stack_plan import CostPlan, QuotaPlan, StackPlan
from aigc.policy.rule import Verdict, Weight
from scripts.engine.graph import Graph
from scripts.preview.changes import Changes, short
from scripts.preview.replacements import Effect
from scripts.preview.tree import counts

QUOTA_COLUMNS = ("region", "quota", "code", "needed at most", "pools")
FINDINGS_SHOWN = 5
"""Of one rule in a pull request or on a terminal; JSON has all."""
OLD_PRICES_DAYS = 90
"""A snapshot of prices older than this is told to be old."""
_SIGNS = {Effect.IN_PLACE: "!", Effect.REPLACED: "-/+", Effect.UNKNOWN: "?"}
_WORDS = {Effect.IN_PLACE: "changed", Effect.REPLACED: "replaced", Effect.UNKNOWN: "perhaps replaced"}
_WEIGHTS = {
    Weight.MANDATORY: "✗ broken",
    Weight.PRODUCTION_UP: "! `up` of a *-prod stack refuses",
    Weight.ADVISORY: "! advised",
}


def counted(graph: Graph) -> str:
    """How many there are of what, in one line."""
    parts = [f"{number} {name.replace('_', ' ')}" for name, number in counts(graph).items() if number]
    return ", ".join(parts) or "nothing"


def change_counts(changes: Changes) -> str:
    """How many of each effect."""
    parts = {"added": len(changes.added), "removed": len(changes.removed)}
    parts |= {word: len(changes.of(effect)) for effect, word in _WORDS.items()}
    return ", ".join(f"{number} {word}" for word, number in parts.items())


def diff_lines(changes: Changes) -> Iterator[str]:
    """Faults first, then every resource that differs with each of its reasons."""
    if not (changes.added or changes.removed or changes.changed):
        yield f"  no change since {changes.base}"
    yield from (f"! `up` would stop: {fault}" for fault in changes.faults)
    yield from (f"+ {short(urn)}" for urn in changes.added)
    yield from (f"- {short(urn)}" for urn in changes.removed)
    for item in changes.changed:
        sign = _SIGNS[item.effect]
        yield f"{sign} {short(item.urn)}: {item.effect}{f'; {item.order}' if item.order else ''}"
        yield from (f"{sign}     {reason}" for reason in item.reasons)


def verdict_lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """How many rules hold, and each that does not with what breaks it and the way out."""
    holding = sum(not verdict.findings for verdict in verdicts)
    yield f"{holding} of {len(verdicts)} rules hold"
    for verdict in verdicts:
        if not verdict.findings:
            continue
        rule = verdict.rule
        yield f"{_WEIGHTS[rule.weight]}: {rule.name} ({len(verdict.findings)}): {rule.description}"
        for finding in verdict.findings[:FINDINGS_SHOWN]:
            yield f"    {short(finding.urn)}: {finding.problem}. {finding.way_out}"
        if len(verdict.findings) > FINDINGS_SHOWN:
            yield f"    and {len(verdict.findings) - FINDINGS_SHOWN} more"


def cost_lines(cost: CostPlan) -> Iterator[str]:
    """Every fact of the bill, a line each."""
    for name, value in cost_facts(cost).items():
        yield f"{name.replace('_', ' ')}: {value}"


def old_price_lines(plan: StackPlan, today: date) -> Iterator[str]:
    """Which snapshot of prices is too old to be believed, and how to ask anew; a plan itself never asks for the day."""
    for day in sorted({item.price_date for item in plan.cost.items if item.price_date}):
        age_days = (today - date.fromisoformat(day)).days
        if age_days > OLD_PRICES_DAYS:
            anew = f"python -m scripts pin --prices --cloud {plan.cloud} --region {plan.region}"
            yield f"! the prices of nodes are {age_days} days old: `{anew}` asks anew"


def quota_rows(region: str | None, quotas: Sequence[QuotaPlan]) -> list[tuple[str, ...]]:
    """A row a quota, for a table with the columns of `QUOTA_COLUMNS`."""
    return [
        (region or "-", quota.name, quota.code or "not known", f"{quota.needed:g} {quota.unit}", ", ".join(quota.pools))
        for quota in quotas
    ]


def text_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[index]) for row in (columns, *rows)) for index in range(len(columns))]
    for row in (columns, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The same for a pull request."""
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    yield from (f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
