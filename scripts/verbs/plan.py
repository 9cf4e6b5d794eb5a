"""`plan`: what a stack will be, before anything exists: pools, endpoints, batching, scaling, cost."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from aigc.plan.text import render_text
from aigc.plan.validation import plan_of
from scripts.console import OutputFormat, out, print_json


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""

    @app.command("plan")
    def plan(
        stack: Annotated[str, typer.Argument(help="Name of a stack: stacks/Pulumi.<stack>.yaml.")] = "local",
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Print the whole plan of a stack."""
        result = plan_of(stack)
        if output_format is OutputFormat.JSON:
            print_json(json.loads(result.model_dump_json()))
        else:
            out.print(render_text(result), end="", markup=False)
