"""`plan`: what a stack will be, before anything exists: pools, endpoints, batching, scaling, cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from aigc.catalog.faults import fail
from aigc.catalog.kinds import Cloud
from aigc.clouds.registry import adapter_for
from aigc.plan.text import render_text
from aigc.plan.validation import plan_of
from scripts.console import EXIT_NO, OutputFormat, err, out, print_json
from scripts.stacks import LOCAL_STACK


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""

    @app.command("plan")
    def plan(
        stack: Annotated[
            str | None,
            typer.Argument(help="Name of a stack: stacks/Pulumi.<stack>.yaml.", show_default=LOCAL_STACK),
        ] = None,
        workload: Annotated[
            Path | None,
            typer.Option(
                help="File of models, traffic and objectives: print the cheapest fleet of the catalog's machines. "
                "Or JSON file of traffic by lengths and of machines: print the cheapest mix of them."
            ),
        ] = None,
        since: Annotated[
            Path | None,
            typer.Option(
                help="The last fleet, as --workload FILE --format json printed it: print what of it to change now, "
                "one pool or nothing. The answer in JSON is such a file, too."
            ),
        ] = None,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Print the whole plan of a stack, or the cheapest machines for a workload; exit code 1: none serve it."""
        if since is not None and workload is None:
            raise fail("--since", "says what there is, and nothing says what is wanted", "add --workload FILE")
        if workload is None:
            _print_plan(stack or LOCAL_STACK, output_format)
        elif stack is None:
            _print_workload(workload, since, output_format)
        else:
            raise fail("--workload", "is a question of its own, without a stack", f"leave {stack} or the option out")


def _print_plan(stack: str, output_format: OutputFormat) -> None:
    result = plan_of(stack)
    if output_format is OutputFormat.JSON:
        print_json(json.loads(result.model_dump_json()))
    else:
        out.print(render_text(result), end="", markup=False)
        _say_inabilities(result.cloud)


def _print_workload(path: Path, since: Path | None, output_format: OutputFormat) -> None:
    from aigc.plan.fleet.wanted_file import states_models  # noqa: PLC0415 - as below

    if states_models(path):
        if since is None:
            _print_fleet(path, output_format)
        else:
            _print_change(path, since, output_format)
    elif since is None:
        _print_mix(path, output_format)
    else:
        way_out = "state models, as docs/examples/fleet.yaml does, or leave --since out"
        raise fail(f"--workload {path}", "states no models, and only of their fleets is there a last one", way_out)


def _print_fleet(path: Path, output_format: OutputFormat) -> None:
    from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet  # noqa: PLC0415 - as below
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


def _print_change(path: Path, since: Path, output_format: OutputFormat) -> None:
    from aigc.plan.fleet.infeasible import Infeasible  # noqa: PLC0415 - as below
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
    # scipy takes half a second to load, and every verb's module is imported for each of them.
    from aigc.plan.mix.answer import cheapest_mix  # noqa: PLC0415
    from aigc.plan.mix.text import render_mix  # noqa: PLC0415
    from aigc.plan.mix.workload_file import read_workload  # noqa: PLC0415

    workload = read_workload(path)
    mix = cheapest_mix(workload)
    if output_format is OutputFormat.JSON:
        print_json(mix.as_json())
    else:
        out.print(render_mix(workload, mix), end="", markup=False)


def _say_inabilities(cloud: Cloud) -> None:
    """Beside the plan, not in it: they are the cloud's, and whoever keeps a plan in a file compares what was chosen."""
    inabilities = adapter_for(cloud).inabilities
    if inabilities:
        err.print(f"\nNot done on {cloud} ({len(inabilities)})", markup=False)
    for one in inabilities:
        err.print(f"  {one.what}: {one.sentence}", markup=False)
