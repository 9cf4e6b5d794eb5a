"""`preview [STACK..]`: what stacks will be, offline: no credentials, no Pulumi binary, no network."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from aigc.catalog.faults import fail
from aigc.config.stacks import PROJECT_ROOT
from aigc.plan.stack_plan import CostPlan
from aigc.plan.validation import plan_of
from scripts.console import out
from scripts.engine.api import preview_graph
from scripts.engine.base import graphs_of_commit
from scripts.engine.config import load_project
from scripts.engine.preview_report import StackReport, as_json, as_markdown, as_text, changes_since


class PreviewFormat(StrEnum):
    """For a terminal, a pull request or a program."""

    TEXT = "text"
    MD = "md"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the verb."""

    @app.command("preview")
    def preview(
        stacks: Annotated[list[str] | None, typer.Argument(help="Names of stacks; default: all in stacks/")] = None,
        base: Annotated[str | None, typer.Option("--base", help="Commit to show the difference from")] = None,
        output_format: Annotated[PreviewFormat, typer.Option("--format")] = PreviewFormat.TEXT,
        out_file: Annotated[Path | None, typer.Option("--out", help="Write to this file instead")] = None,
    ) -> None:
        """Show what stacks will be: resources, cost, and with --base what changed; nothing outside is asked."""
        names = stacks or load_project(PROJECT_ROOT).stacks()
        graphs = {name: preview_graph(name, PROJECT_ROOT) for name in names}
        before = graphs_of_commit(base, names, PROJECT_ROOT) if base else {}
        reports = [
            StackReport(
                graph,
                cost_text(plan_of(name).cost),
                changes_since(base, before[name], graph) if base else None,
            )
            for name, graph in graphs.items()
        ]
        _deliver(formatted(reports, output_format), out_file)


def formatted(reports: list[StackReport], output_format: PreviewFormat) -> str:
    """All reports as one text."""
    if output_format is PreviewFormat.JSON:
        return json.dumps({"stacks": [as_json(report) for report in reports]}, indent=2, sort_keys=True)
    one = as_markdown if output_format is PreviewFormat.MD else as_text
    return "\n\n".join(one(report) for report in reports)


def cost_text(cost: CostPlan) -> str:
    """An interval; what has no price is named, so that a known part is never taken for the whole."""
    low, high = cost.usd_per_month_low, cost.usd_per_month_high
    unpriced = f"; not priced: {', '.join(cost.not_priced)}" if cost.not_priced else ""
    upper = f"<= ${high:,.0f} a month" if high is not None else "a month, upper bound unknown"
    return f">= ${low:,.0f}{', ' if high is not None else ' '}{upper}{unpriced}"


def _deliver(text: str, out_file: Path | None) -> None:
    if out_file is None:
        out.print(text, markup=False)
        return
    try:
        out_file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise fail(
            f"--out {out_file}", f"it cannot be written: {error.strerror}", "name a file in a folder that is there"
        ) from None
