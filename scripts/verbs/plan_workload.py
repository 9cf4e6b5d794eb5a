"""`plan --workload FILE`: the cheapest machines for a workload, what to change of the last ones, and stack files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from aigc.catalog.faults import fail
from aigc.config.stacks import shown, stack_of
from scripts.console import EXIT_NO, OutputFormat, out, print_json

# scipy takes half a second to load, and every verb's module is imported for each of them: what needs it is imported
# where it is used.


@dataclass(frozen=True)
class WorkloadQuestion:
    """What is asked of a file."""

    workload: Path
    since: Path | None = None
    stack_file: Path | None = None
    overwrite: bool = False
    tradeoffs: bool = False

    @property
    def of_fleets(self) -> dict[str, object]:
        """Options that only a file of models has an answer to."""
        return {"--since": self.since, "--stack-file": self.stack_file, "--tradeoffs": self.tradeoffs}


def print_workload(asked: WorkloadQuestion, output_format: OutputFormat) -> None:
    """Answer, and end with 1 where nothing serves; raises UserError for what cannot be asked."""
    from aigc.plan.fleet.wanted_file import states_models  # noqa: PLC0415 - as above

    options = [name for name, value in asked.of_fleets.items() if value]
    if len(options) > 1:
        raise fail(options[0], f"and {options[1]} are two questions", "ask one after the other")
    if not states_models(asked.workload):
        if options:
            way_out = f"state models, as docs/examples/fleet.yaml does, or leave {options[0]} out"
            raise fail(f"--workload {asked.workload}", f"states no models, which {options[0]} is about", way_out)
        _print_mix(asked.workload, output_format)
    elif asked.since is not None:
        _print_change(asked.workload, asked.since, output_format)
    elif asked.stack_file is not None:
        _write_stacks(asked, asked.stack_file, output_format)
    elif asked.tradeoffs:
        _print_tradeoffs(asked.workload, output_format)
    else:
        _print_fleet(asked.workload, output_format)


def _print_fleet(path: Path, output_format: OutputFormat) -> None:
    from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet  # noqa: PLC0415 - as above
    from aigc.plan.fleet.queue_rate import largest_rate  # noqa: PLC0415
    from aigc.plan.fleet.text import fleet_json, render_fleet  # noqa: PLC0415
    from aigc.plan.fleet.wanted_file import read_fleet  # noqa: PLC0415

    file = read_fleet(path)
    answer = cheapest_fleet(file.wanted, file.models, largest_rate)
    if output_format is OutputFormat.JSON:
        print_json(fleet_json(answer))
    else:
        out.print(render_fleet(answer), end="", markup=False)
    if not isinstance(answer, FleetPlan):
        raise typer.Exit(EXIT_NO)


def _write_stacks(asked: WorkloadQuestion, place: Path, output_format: OutputFormat) -> None:
    from aigc.plan.fleet.answer import FleetPlan  # noqa: PLC0415 - as above
    from aigc.plan.fleet.queue_rate import largest_rate  # noqa: PLC0415
    from aigc.plan.fleet.stack_files import StackTarget, refuse_early, stack_texts, with_pods  # noqa: PLC0415
    from aigc.plan.fleet.stack_parts import stackable_fleet  # noqa: PLC0415
    from aigc.plan.fleet.text import fleet_json, render_fleet  # noqa: PLC0415
    from aigc.plan.fleet.wanted_file import read_fleet  # noqa: PLC0415

    file = read_fleet(asked.workload)
    target = StackTarget(asked.workload, place, asked.overwrite)
    refuse_early(target, file.wanted)
    wanted = with_pods(target, file.wanted)
    answer = stackable_fleet(wanted, file.models, largest_rate)
    texts = stack_texts(target, wanted, answer) if isinstance(answer, FleetPlan) else {}
    for path, text in texts.items():
        _write(path, text)
    if output_format is OutputFormat.JSON:
        print_json(fleet_json(answer) | {"stack_files": [str(path) for path in texts]})
    else:
        out.print(render_fleet(answer), end="", markup=False)
        _say_files(list(texts))
    if not isinstance(answer, FleetPlan):
        raise typer.Exit(EXIT_NO)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        problem = f"cannot be written: {error.strerror}"
        raise fail(f"--stack-file {path}", problem, "name a place where files may be written") from None


def _say_files(paths: list[Path]) -> None:
    if paths:
        out.print("\nStack files", markup=False)
    for path in paths:
        out.print(f"  {shown(path)}: stack {stack_of(path)}", markup=False)


def _print_tradeoffs(path: Path, output_format: OutputFormat) -> None:
    from aigc.plan.fleet.queue_rate import Remembered, largest_rate  # noqa: PLC0415 - as above
    from aigc.plan.fleet.tradeoffs import cost_by_grams_co2e, cost_by_objective, cost_by_watts  # noqa: PLC0415
    from aigc.plan.fleet.tradeoffs_text import Tradeoffs  # noqa: PLC0415
    from aigc.plan.fleet.wanted_file import read_fleet  # noqa: PLC0415

    file, rule = read_fleet(path), Remembered(largest_rate)
    asked = (file.wanted, file.models, rule)
    found = Tradeoffs(cost_by_objective(*asked), cost_by_watts(*asked), cost_by_grams_co2e(*asked))
    if output_format is OutputFormat.JSON:
        print_json(asdict(found))
    else:
        out.print(str(found), end="", markup=False)
    if not found:
        raise typer.Exit(EXIT_NO)


def _print_change(path: Path, since: Path, output_format: OutputFormat) -> None:
    from aigc.plan.fleet.infeasible import Infeasible  # noqa: PLC0415 - as above
    from aigc.plan.fleet.last_fleet import read_last_fleet  # noqa: PLC0415
    from aigc.plan.fleet.queue_rate import largest_rate  # noqa: PLC0415
    from aigc.plan.fleet.replan import replanned  # noqa: PLC0415
    from aigc.plan.fleet.replan_text import render_replanned, replanned_json  # noqa: PLC0415
    from aigc.plan.fleet.wanted_file import read_fleet  # noqa: PLC0415

    file = read_fleet(path)
    answer = replanned(file.wanted, file.models, largest_rate, read_last_fleet(since))
    if output_format is OutputFormat.JSON:
        print_json(replanned_json(answer))
    else:
        out.print(render_replanned(answer), end="", markup=False)
    if isinstance(answer, Infeasible):
        raise typer.Exit(EXIT_NO)


def _print_mix(path: Path, output_format: OutputFormat) -> None:
    from aigc.plan.mix.answer import cheapest_mix  # noqa: PLC0415 - as above
    from aigc.plan.mix.text import render_mix  # noqa: PLC0415
    from aigc.plan.mix.workload_file import read_workload  # noqa: PLC0415

    workload = read_workload(path)
    mix = cheapest_mix(workload)
    if output_format is OutputFormat.JSON:
        print_json(mix.as_json())
    else:
        out.print(render_mix(workload, mix), end="", markup=False)
