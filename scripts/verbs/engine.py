"""`engine compare FILE`: our engine held against Pulumi's own."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Annotated

import typer

from aigc.config.stacks import PROJECT_ROOT
from scripts.console import EXIT_NO, OutputFormat, out, print_json
from scripts.engine.api import preview_graph
from scripts.engine.compare import compare, read_preview
from scripts.engine.differences import Difference, shown


def register(app: typer.Typer) -> None:
    """Add the verb."""
    group = typer.Typer(help="The offline engine itself.", no_args_is_help=True)
    app.add_typer(group, name="engine")

    @group.callback()
    def engine() -> None:
        """The offline engine itself."""

    @group.command("compare")
    def compare_with_pulumi(
        file: Annotated[Path, typer.Argument(help="Made by `pulumi preview --json`")],
        stack: Annotated[str | None, typer.Option("--stack", help="Stack to compare with; default: the file's")] = None,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """List where our graph of a stack and Pulumi's disagree: exit 0 they agree, 1 they do not, 2 no preview."""
        preview = read_preview(file)
        graph = preview_graph(stack or preview.stack, PROJECT_ROOT)
        found = compare(graph, preview)
        if output_format is OutputFormat.JSON:
            print_json({"agree": not found, "resources": len(graph.resources), "differences": _as_json(found)})
        else:
            _print(found, len(graph.resources))
        if found:
            raise typer.Exit(EXIT_NO)


def _as_json(found: list[Difference]) -> list[dict[str, str]]:
    return [
        {"urn": item.urn, "what": item.what, "path": item.path, "ours": shown(item.ours), "theirs": shown(item.theirs)}
        for item in found
    ]


def _print(found: list[Difference], resources: int) -> None:
    if not found:
        out.print(f"both engines agree on all {resources} resources", markup=False)
        return
    for urn, group in itertools.groupby(found, key=lambda item: item.urn):
        out.print(urn, markup=False)
        for item in group:
            out.print(f"    {item if item.what not in ('missing', 'extra') else _presence(item)}", markup=False)
    out.print(f"{len(found)} differences in {resources} resources", markup=False)


def _presence(item: Difference) -> str:
    return "only Pulumi has it" if item.what == "missing" else "only our engine has it"
