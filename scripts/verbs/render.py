"""`render STACK --out DIR`: every Kubernetes object of a stack as YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aigc.catalog.faults import fail
from aigc.config.stacks import PROJECT_ROOT
from scripts.console import OutputFormat, out, print_json
from scripts.engine.api import render_stack


def register(app: typer.Typer) -> None:
    """Add the verb."""

    @app.command("render")
    def render(
        stack: Annotated[str, typer.Argument(help="Name of a file in stacks/: Pulumi.<STACK>.yaml")],
        out_dir: Annotated[Path, typer.Option("--out", help="Folder for the files; it is made if needed")],
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Write every Kubernetes object of a stack as YAML, in apply order; needs no cluster and no cloud."""
        if out_dir.exists() and not out_dir.is_dir():
            raise fail(f"--out {out_dir}", "it is a file", "name a folder")
        paths = render_stack(stack, PROJECT_ROOT, out_dir)
        if output_format is OutputFormat.JSON:
            print_json({"stack": stack, "files": [str(path) for path in paths]})
        else:
            out.print(f"{len(paths)} objects of stack {stack} in {out_dir}", markup=False)
