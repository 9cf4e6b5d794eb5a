"""A report for a terminal, for a pull request and for a program."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from aigc.plan.cost_text import state_texts
from aigc.plan.stack_plan import StackPlan
from scripts.engine.differences import shown
from scripts.engine.wire import masked
from scripts.preview.changes import Changes, ResourceChange
from scripts.preview.lines import (
    QUOTA_COLUMNS,
    change_counts,
    cost_lines,
    counted,
    diff_lines,
    markdown_table,
    old_price_lines,
    quota_rows,
    text_table,
    verdict_lines,
)
from scripts.preview.placement import COLUMNS, placements
from scripts.preview.report import StackReport
from scripts.preview.tree import by_layer, counts, layer_lines

JSON_VERSION = 2
"""Grows when a key is taken away or changes its meaning; 1 had the cost as one text."""
MARKER = "<!-- aigc-preview -->"
"""First line of the Markdown: by it the one comment of a pull request is found again and edited."""


def text(reports: Sequence[StackReport]) -> str:
    """For a terminal."""
    return "\n\n".join("\n".join(_text(report)) for report in reports)


def markdown(reports: Sequence[StackReport]) -> str:
    """For a pull request: one comment for all stacks."""
    return "\n".join([MARKER, *("\n".join(_markdown(report)) for report in reports)])


def as_json(reports: Sequence[StackReport]) -> str:
    """For a program; README.md names the keys."""
    stacks = [stack_json(report) for report in reports]
    return json.dumps({"version": JSON_VERSION, "stacks": stacks}, indent=2, sort_keys=True)


def _text(report: StackReport) -> Iterator[str]:
    yield f"stack {report.graph.stack}: {counted(report.graph)}"
    yield from _indented("resources", layer_lines(report.graph))
    if report.plan is not None:
        yield from _indented("cost", _cost(report.plan))
        if report.plan.quotas:
            yield from _indented("quota", text_table(QUOTA_COLUMNS, quota_rows(report.plan.region, report.plan.quotas)))
        yield from _indented("placement", text_table(COLUMNS, [row.cells() for row in placements(report.plan)]))
    if report.verdicts:
        yield from _indented("policy", verdict_lines(report.verdicts))
    yield from (f"  output {name}: {shown(value)}" for name, value in sorted(report.graph.outputs.items()))
    if report.changes is not None:
        title = f"since {report.changes.base}: {change_counts(report.changes)}"
        yield from _indented(title, diff_lines(report.changes))


def _indented(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"  {title}"
    yield from (f"    {line}" for line in lines)


def _markdown(report: StackReport) -> Iterator[str]:
    yield from ("", f"### Stack `{report.graph.stack}`", "", counted(report.graph), "")
    if report.plan is not None:
        floor, at_plan, maximum = state_texts(report.plan.cost)
        yield f"**Cost:** idle {floor}; at plan {at_plan}; maximum {maximum}"
        yield ""
    if report.changes is not None:
        yield f"**Since `{report.changes.base}`:** {change_counts(report.changes)}"
        yield from ("", "```diff", *diff_lines(report.changes), "```", "")
    if report.verdicts:
        yield f"**Policy:** {'✗ a mandatory rule is broken' if report.refused else 'no mandatory rule is broken'}"
        yield from _folded("Rules", ["```", *verdict_lines(report.verdicts), "```"])
    if report.plan is not None:
        yield from _folded("Cost, a line each", [f"* {line}" for line in _cost(report.plan)])
        quotas = quota_rows(report.plan.region, report.plan.quotas)
        if quotas:
            yield from _folded("Quota", markdown_table(QUOTA_COLUMNS, quotas))
        yield from _folded("Placement", markdown_table(COLUMNS, [row.cells() for row in placements(report.plan)]))
    yield from _folded("Resources", ["```", *layer_lines(report.graph), "```"])


def _cost(plan: StackPlan) -> Iterator[str]:
    yield from cost_lines(plan.cost)
    yield from old_price_lines(plan, datetime.now(UTC).date())


def _folded(title: str, lines: Sequence[str] | Iterator[str]) -> Iterator[str]:
    yield from ("", f"<details><summary>{title}</summary>", "", *lines, "", "</details>")


def stack_json(report: StackReport) -> dict[str, Any]:
    """One stack for programs; keys whose part does not apply are null."""
    graph, plan = report.graph, report.plan
    types = Counter(resource.type for resource in graph.resources)
    return {
        "stack": graph.stack,
        "graph_sha256": hashlib.sha256(graph.to_json().encode()).hexdigest(),
        "counts": counts(graph),
        "by_type": dict(sorted(types.items())),
        "layers": {layer: [branch.name for branch in branches] for layer, branches in by_layer(graph).items()},
        "resources": [
            {"urn": item.urn, "type": item.type, "name": item.name, "parent": item.parent} for item in graph.resources
        ],
        "outputs": masked(graph.outputs, unknown="<unknown>"),
        "cost": plan.cost.model_dump(mode="json") if plan else None,
        "quotas": [{"region": plan.region, **one.model_dump(mode="json")} for one in plan.quotas] if plan else None,
        "placement": [row.as_json() for row in placements(plan)] if plan else None,
        "policy": {"refused": report.refused, "rules": [_verdict_json(report, i) for i in range(len(report.verdicts))]},
        "changes": _changes_json(report.changes) if report.changes else None,
    }


def _verdict_json(report: StackReport, index: int) -> dict[str, Any]:
    verdict = report.verdicts[index]
    return {
        "name": verdict.rule.name,
        "description": verdict.rule.description,
        "weight": verdict.rule.weight.value,
        "broken": verdict.broken,
        "findings": [vars(finding) for finding in verdict.findings],
    }


def _changes_json(changes: Changes) -> dict[str, Any]:
    return {
        "base": changes.base,
        "added": list(changes.added),
        "removed": list(changes.removed),
        "changed": [_change_json(item) for item in changes.changed],
        "faults": list(changes.faults),
    }


def _change_json(change: ResourceChange) -> dict[str, Any]:
    reasons = [
        {"path": one.path, "before": one.before, "now": one.now, "effect": one.effect.name.lower(),
         "sources": list(one.sources)}
        for one in change.reasons
    ]  # fmt: skip
    return {"urn": change.urn, "effect": change.effect.name.lower(), "order": change.order, "reasons": reasons}
