"""`load-compare OLD.json NEW.json`: whether two load tests differ by more than chance."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from scripts.console import EXIT_FINE, EXIT_NO, OutputFormat, err, print_json
from scripts.load.compare import Difference, Verdict, compare, settings_faults
from scripts.load.compare_page import comparison_page
from scripts.load.page import write_page
from scripts.load.run_file import Run, read_run
from scripts.load.settings import differing, refuse, writable_fault
from scripts.load.text_report import print_comparison

SEED = 1
EPILOG = "Ends with 1 when a metric is worse at 95% for all metrics together, 2 for bad input, else 0."


def register(app: typer.Typer) -> None:
    """Add the verb."""

    @app.command("load-compare", epilog=EPILOG)
    def load_compare(
        old: Annotated[Path, typer.Argument(help="The run to compare with, written by `load ... --out`.")],
        new: Annotated[Path, typer.Argument(help="The run to judge.")],
        force: Annotated[bool, typer.Option(help="Compare runs of different loads.")] = False,
        seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = SEED,
        report: Annotated[Path | None, typer.Option(help="Write the comparison there, HTML.")] = None,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Compare two load tests: each percentile, throughput and errors, with 95% intervals and a verdict."""
        first, second = read_run(old), read_run(new)
        faults = settings_faults(first, second)
        refuse([] if force else faults, writable_fault("--report", report))
        differences = compare(first, second, seed)
        notes = caveats(first, second)
        if report is not None:
            write_page(report, comparison_page(first, second, differences, notes))
            err.print(f"✓ {report}", style="green", markup=False)
        if output_format is OutputFormat.JSON:
            print_json({"differences": [asdict(one) for one in differences], "notes": notes})
        else:
            print_comparison(differences, notes)
        raise typer.Exit(EXIT_NO if is_worse(differences) else EXIT_FINE)


def is_worse(differences: list[Difference]) -> bool:
    """Something got worse, and not as one of eight metrics does by chance in every third comparison."""
    return any(one.verdict is Verdict.WORSE and one.jointly for one in differences)


def caveats(old: Run, new: Run) -> list[str]:
    """What a reader must know: settings that differ, and runs that are only a part."""
    different = differing(old.settings, new.settings)
    said = [f"{name} differs: {one} in the old run, {other} in the new" for name, (one, other) in different.items()]
    return said + [f"the {name} run was interrupted" for name, run in (("old", old), ("new", new)) if run.interrupted]
