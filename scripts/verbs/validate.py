"""`validate`: every fault of every stack file at once, before anything is built or applied."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from aigc.catalog.faults import Fault, UserError, fail
from aigc.config.stacks import shown, stack_names, stack_path
from aigc.plan.validation import stack_file_faults, stack_file_warnings
from scripts.console import EXIT_BAD_INPUT, OutputFormat, out, print_faults, print_json, print_warnings


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""

    @app.command("validate")
    def validate(
        stacks: Annotated[list[str] | None, typer.Argument(help="Names of stacks; all when none is given.")] = None,
        file: Annotated[
            list[Path] | None, typer.Option("--file", help="A stack file anywhere, Pulumi.<cloud>-<env>.yaml.")
        ] = None,
        today: Annotated[
            datetime | None,
            typer.Option(
                "--today", formats=["%Y-%m-%d"], help="What is over on this day is a fault; today when none is given."
            ),
        ] = None,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Say every fault of the stack files, each with path, reason and way out; a warning refuses nothing."""
        faults: list[Fault] = []
        warnings: list[Fault] = []
        sound: list[str] = []
        now = today.replace(tzinfo=UTC) if today else datetime.now(UTC)
        for path in _paths(stacks or [], file or [], faults):
            found = stack_file_faults(path, now=now)
            faults += found
            if not found:
                sound.append(shown(path))
                warnings += stack_file_warnings(path)
        _report(sound, warnings, faults, output_format)


def _paths(stacks: list[str], files: list[Path], faults: list[Fault]) -> list[Path]:
    paths = list(files)
    for name in stacks or ([] if files else stack_names()):
        try:
            paths.append(stack_path(name))
        except UserError as error:
            faults += error.faults
    if not paths and not faults:
        raise fail(
            "stacks/", "there is no stack file", "make stacks/Pulumi.<cloud>-<env>.yaml; stacks/README.md says how"
        )
    return paths


def _report(sound: list[str], warnings: list[Fault], faults: list[Fault], output_format: OutputFormat) -> None:
    if output_format is OutputFormat.JSON:
        told = {"warnings": warnings, "faults": faults}
        print_json({"valid": sound, **{name: [vars(one) for one in found] for name, found in told.items()}})
    else:
        for path in sound:
            out.print(f"✓ {path}", style="green", markup=False)
        print_warnings(warnings)
        print_faults(faults)
    if faults:
        raise typer.Exit(EXIT_BAD_INPUT)
