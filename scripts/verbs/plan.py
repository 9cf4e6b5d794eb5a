"""`plan`: what a stack will be, before anything exists: pools, endpoints, batching, scaling, cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from aigc.catalog.faults import Fault, UserError, fail
from aigc.catalog.kinds import Cloud
from aigc.clouds.registry import adapter_for
from aigc.plan.text import render_text
from aigc.plan.validation import plan_of
from scripts.console import OutputFormat, err, out, print_json
from scripts.stacks import LOCAL_STACK
from scripts.verbs.plan_workload import WorkloadQuestion, print_workload

_ADD_WORKLOAD = "add --workload FILE"
StackFile = Annotated[
    Path | None,
    typer.Option(
        help="With --workload: write the fleet as a stack file, Pulumi.<cloud>-<env>.yaml, or into a folder that is "
        "there, a file for each cloud. Its models are then served by replicas of one kind each."
    ),
]
Tradeoffs = Annotated[
    bool,
    typer.Option("--tradeoffs", help="With --workload: what other objectives, fewer watts, a cleaner grid would cost."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Write over a stack file that is there.")]


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
        stack_file: StackFile = None,
        overwrite: Overwrite = False,
        tradeoffs: Tradeoffs = False,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Print the whole plan of a stack, or the cheapest machines for a workload; exit code 1: none serve it."""
        if workload is None:
            _refuse_without_workload({"--since": since, "--stack-file": stack_file, "--tradeoffs": tradeoffs})
            _print_plan(stack or LOCAL_STACK, output_format)
        elif stack is None:
            print_workload(WorkloadQuestion(workload, since, stack_file, overwrite, tradeoffs), output_format)
        else:
            raise fail("--workload", "is a question of its own, without a stack", f"leave {stack} or the option out")


def _refuse_without_workload(options: Mapping[str, object]) -> None:
    """They ask of a fleet, and nothing says what it is to serve."""
    asked = [name for name, value in options.items() if value]
    if asked:
        raise UserError(
            Fault(name, "asks of a fleet, and nothing says what it is for", _ADD_WORKLOAD) for name in asked
        )


def _print_plan(stack: str, output_format: OutputFormat) -> None:
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
