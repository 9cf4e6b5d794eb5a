"""`ledger`: how far predictions are from what was measured, per model and accelerator, CPU or endpoint, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.console import OutputFormat, out, print_json
from scripts.load.ledger_entry import read_entry
from scripts.load.prediction import SERVING

if TYPE_CHECKING:
    from aigc.plan.ledger.entries import Entry
    from aigc.plan.ledger.report import KeptLedger
    from aigc.plan.ledger.serving_file import ServingFile


@dataclass(frozen=True)
class Asked:
    """Which measurements; without any, all that the repository has."""

    profiles: list[Path] = field(default_factory=list)
    serving: Path | None = None
    against: Path | None = None
    loads: list[Path] = field(default_factory=list)


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
        load: Annotated[
            list[Path] | None,
            typer.Option(help="File that `load ... --out FILE` wrote; without other files, these runs alone."),
        ] = None,
        against: Annotated[Path | None, typer.Option(help="Earlier ledger: say what its errors were.")] = None,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Print the error of each prediction of latency and throughput against what was measured.

        Of accelerators batch by batch, of real Triton on a CPU and of deployed endpoints load by load.
        """
        show(Asked(profiles or [], serving, against, load or []), output_format)


def show(asked: Asked, output_format: OutputFormat) -> None:
    """Read what was measured, predict, and print both."""
    # scipy takes half a second to load, and every verb's module is imported for each of them.
    from aigc.plan.ledger.endpoint_report import loads_json  # noqa: PLC0415
    from aigc.plan.ledger.endpoint_text import render_loads  # noqa: PLC0415

    runs = [read_entry(path) for path in asked.loads]
    batches = _BatchLedger.read(asked) if not runs or asked.profiles or asked.serving or asked.against else None
    if output_format is OutputFormat.JSON:
        print_json((batches.document() if batches else {}) | ({"endpoints": loads_json(runs)} if runs else {}))
    else:
        text = (batches.text() if batches else "") + (render_loads(runs) if runs else "")
        out.print(text.removeprefix("\n"), end="", markup=False)


@dataclass(frozen=True)
class _BatchLedger:
    """What is known by batches: of accelerators, and of real Triton on a CPU."""

    found: list[Entry]
    served: ServingFile | None
    before: KeptLedger | None

    @classmethod
    def read(cls, asked: Asked) -> _BatchLedger:
        from aigc.plan.cost_model.profile_file import measured_profiles, read_profiles  # noqa: PLC0415
        from aigc.plan.ledger.report import ledger_of, read_ledger  # noqa: PLC0415
        from aigc.plan.ledger.serving_file import read_serving  # noqa: PLC0415

        path = asked.serving or (None if asked.profiles else SERVING)
        return cls(
            served=read_serving(path) if path else None,
            before=read_ledger(asked.against) if asked.against else None,
            found=ledger_of([read_profiles(one) for one in asked.profiles] if asked.profiles else measured_profiles()),
        )

    def document(self) -> dict[str, Any]:
        from aigc.plan.ledger.report import as_json  # noqa: PLC0415
        from aigc.plan.ledger.serving_report import as_json as serving_json  # noqa: PLC0415

        return as_json(self.found) | ({"serving": serving_json(self.served)} if self.served else {})

    def text(self) -> str:
        from aigc.plan.ledger.serving_text import render_serving  # noqa: PLC0415
        from aigc.plan.ledger.text import render_ledger  # noqa: PLC0415

        return render_ledger(self.found, self.before) + (render_serving(self.served) if self.served else "")
