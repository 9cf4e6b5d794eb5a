"""`ledger`: how far predictions are from what was measured, per model and accelerator, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.console import OutputFormat, out, print_json


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""

    @app.command("ledger")
    def ledger(
        profiles: Annotated[
            list[Path] | None,
            typer.Option(help="File that `python -m scripts.measure` wrote; the catalog's when none is given."),
        ] = None,
        against: Annotated[Path | None, typer.Option(help="Earlier ledger: say what its errors were.")] = None,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Print the error of each prediction of latency and throughput against what was measured."""
        # scipy takes half a second to load, and every verb's module is imported for each of them.
        from aigc.plan.cost_model.profile_file import measured_profiles, read_profiles  # noqa: PLC0415
        from aigc.plan.ledger.report import as_json, ledger_of, read_ledger  # noqa: PLC0415
        from aigc.plan.ledger.text import render_ledger  # noqa: PLC0415

        before = read_ledger(against) if against else None
        found = ledger_of([read_profiles(path) for path in profiles] if profiles else measured_profiles())
        if output_format is OutputFormat.JSON:
            print_json(as_json(found))
        else:
            out.print(render_ledger(found, before), end="", markup=False)
