"""`capacity STACK`: what the cloud says now, with credentials: quotas, offerings, prices, and a verdict a pool."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from aigc.config.stack_file import examine as examine_file
from aigc.config.stacks import stack_path
from aigc.plan.validation import plan_of
from scripts.capacity.contract import open_cloud
from scripts.capacity.examine import examine
from scripts.capacity.facts import Deadline
from scripts.capacity.report import as_json, as_lines
from scripts.capacity.verdict import Outcome
from scripts.console import EXIT_NO, OutputFormat, err, out, print_json


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""

    @app.command("capacity")
    def capacity(
        stack: Annotated[str, typer.Argument(help="Name of a stack on a cloud: stacks/Pulumi.<stack>.yaml.")],
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
        timeout: Annotated[float, typer.Option(min=1, help="Seconds after which nothing more is asked.")] = 120,
    ) -> None:
        """Ask the cloud whether a stack would fit: live quotas, offerings a zone, prices, and what would fit instead.

        Ends with 0 when every pool is known to fit, 1 when one does not or is unknown, 2 without credentials.
        """
        plan = plan_of(stack)
        cloud = open_cloud(plan, Deadline(timeout))
        report = examine(plan, cloud, lambda text: err.print(f"· {text} …", markup=False))
        file = examine_file(stack_path(stack))
        places = {pool.name: file.where(("pools", pool.name)) for pool in plan.pools}
        asked_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if output_format is OutputFormat.JSON:
            print_json(as_json(report, asked_at, places))
        else:
            for line, style in as_lines(report, asked_at, places):
                out.print(line, style=style, markup=False)
        if report.outcome is not Outcome.FITS:
            raise typer.Exit(EXIT_NO)
