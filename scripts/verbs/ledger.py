"""`ledger`: how far predictions are from what was measured, per model and accelerator or CPU, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aigc.config.stacks import PROJECT_ROOT
from scripts.console import OutputFormat, out, print_json

SERVING = PROJECT_ROOT / "tests" / "bench" / "results" / "triton_predictions.json"
"""What real Triton did on a CPU, as the newest run of the bench has it."""


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""

    @app.command("ledger")
    def ledger(
        profiles: Annotated[
            list[Path] | None,
            typer.Option(help="File that `python -m scripts.measure` wrote; the catalog's when none is given."),
        ] = None,
        serving: Annotated[
            Path | None,
            typer.Option(
                help="File that `python -m tests.bench.bench_triton_predictions` wrote; the repository's when neither "
                "it nor --profiles is given."
            ),
        ] = None,
        against: Annotated[Path | None, typer.Option(help="Earlier ledger: say what its errors were.")] = None,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Print the error of each prediction of latency and throughput against what was measured.

        Of accelerators batch by batch, of real Triton on a CPU load by load.
        """
        show(profiles, serving, against, output_format)


def show(profiles: list[Path] | None, serving: Path | None, against: Path | None, output_format: OutputFormat) -> None:
    """Read what was measured, predict, and print both."""
    # scipy takes half a second to load, and every verb's module is imported for each of them.
    from aigc.plan.cost_model.profile_file import measured_profiles, read_profiles  # noqa: PLC0415
    from aigc.plan.ledger.report import as_json, ledger_of, read_ledger  # noqa: PLC0415
    from aigc.plan.ledger.serving_file import read_serving  # noqa: PLC0415
    from aigc.plan.ledger.serving_report import as_json as serving_json  # noqa: PLC0415
    from aigc.plan.ledger.serving_text import render_serving  # noqa: PLC0415
    from aigc.plan.ledger.text import render_ledger  # noqa: PLC0415

    asked = serving or (None if profiles else SERVING)
    served = read_serving(asked) if asked else None
    before = read_ledger(against) if against else None
    found = ledger_of([read_profiles(path) for path in profiles] if profiles else measured_profiles())
    if output_format is OutputFormat.JSON:
        print_json(as_json(found) | ({"serving": serving_json(served)} if served else {}))
    else:
        out.print(render_ledger(found, before), end="", markup=False)
        if served:
            out.print(render_serving(served), end="", markup=False)
