"""`preview [STACK..]`: what stacks will be, offline: no credentials, no Pulumi binary, no network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from aigc.catalog.faults import fail
from aigc.config.stacks import PROJECT_ROOT
from aigc.plan.validation import plan_of
from scripts.console import EXIT_NO, out
from scripts.engine.api import preview_graphs
from scripts.engine.base import graphs_of_commit
from scripts.engine.config import load_project
from scripts.preview import forms
from scripts.preview.changes import changes_since
from scripts.preview.report import StackReport, report_of


class PreviewFormat(StrEnum):
    """For a terminal, a pull request or a program."""

    TEXT = "text"
    MD = "md"
    JSON = "json"


_FORMS: dict[PreviewFormat, Callable[[Sequence[StackReport]], str]] = {
    PreviewFormat.TEXT: forms.text,
    PreviewFormat.MD: forms.markdown,
    PreviewFormat.JSON: forms.as_json,
}


def register(app: typer.Typer) -> None:
    """Add the verb."""

    @app.command("preview")
    def preview(
        stacks: Annotated[list[str] | None, typer.Argument(help="Names of stacks; default: all in stacks/")] = None,
        base: Annotated[str | None, typer.Option("--base", help="Commit to show the difference from")] = None,
        output_format: Annotated[PreviewFormat, typer.Option("--format")] = PreviewFormat.TEXT,
        out_file: Annotated[Path | None, typer.Option("--out", help="Write to this file instead")] = None,
    ) -> None:
        """Show what stacks will be: resources, cost, quota, placement, policy, and with --base what changed.

        Nothing outside is asked. Exit code 1: a mandatory rule is broken.
        """
        names = stacks or load_project(PROJECT_ROOT).stacks()
        graphs = preview_graphs(names, PROJECT_ROOT)
        before = graphs_of_commit(base, names, PROJECT_ROOT) if base else {}
        reports = [
            report_of(graph, plan_of(name), changes_since(base, before[name], graph) if base else None)
            for name, graph in graphs.items()
        ]
        _deliver(_FORMS[output_format](reports), out_file)
        if any(report.refused for report in reports):
            raise typer.Exit(EXIT_NO)


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
