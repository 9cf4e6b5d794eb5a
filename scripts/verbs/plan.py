"""`plan`: what a stack will be, before anything exists: pools, endpoints, batching, scaling, cost."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from aigc.catalog.kinds import Cloud
from aigc.clouds.registry import adapter_for
from aigc.plan.text import render_text
from aigc.plan.validation import plan_of
from scripts.console import OutputFormat, err, out, print_json


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
            _say_inabilities(result.cloud)


def _say_inabilities(cloud: Cloud) -> None:
    """Beside the plan, not in it: they are the cloud's, and whoever keeps a plan in a file compares what was chosen."""
    inabilities = adapter_for(cloud).inabilities
    if inabilities:
        err.print(f"\nNot done on {cloud} ({len(inabilities)})", markup=False)
    for one in inabilities:
        err.print(f"  {one.what}: {one.sentence}", markup=False)
