"""`up`: the main job, from nothing to an answer of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.console import EXIT_FINE, EXIT_NO, OutputFormat, out, print_json
from scripts.engine.api import ApplyReport
from scripts.local.bring_up import FirstAnswer, UpReport, bring_up
from scripts.own_cluster import bring_up_there
from scripts.progress import Outcome, Progress, Step
from scripts.stacks import LOCAL_STACK, pulumi_command


def register(app: typer.Typer) -> None:
    """Add the verb."""

    @app.command("up")
    def up(
        stack: Annotated[str, typer.Argument(help="Name of the stack.")] = LOCAL_STACK,
        kubeconfig: Annotated[Path | None, typer.Option(help="Use this cluster of your own.")] = None,
        context: Annotated[str | None, typer.Option(help="Context in the kubeconfig.")] = None,
        adopt: Annotated[bool, typer.Option(help="Take objects over from another engine.")] = False,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Bring a stack up; `local` serves a model on a Kubernetes of its own, on this machine."""
        progress = Progress()
        if kubeconfig is not None or context is not None:
            print_applied(bring_up_there(stack, kubeconfig, context, adopt, progress), output_format)
            return
        if stack != LOCAL_STACK:
            raise typer.Exit(pulumi_command("up", stack))
        report = bring_up(progress, adopt=adopt)
        if output_format is OutputFormat.JSON:
            print_json(asdict(report))
        else:
            print_report(report)
        raise typer.Exit(EXIT_FINE if answer_is_sound(report.answer) else EXIT_NO)


def answer_is_sound(answer: FirstAnswer) -> bool:
    """Whether the model really answered: some text, the same over both protocols, another for another prompt."""
    return bool(answer.text.strip()) and answer.protocols_agree and answer.prompts_differ


def print_report(report: UpReport) -> None:
    """Tell a person what was built, what answered, how it got there and how fast."""
    out.print(steps_table(report.steps))
    path = Table("hop", "where", "how we know", title="The path of the first request")
    for hop in report.answer.path:
        path.add_row(hop.name, hop.where, hop.evidence)
    out.print(path)
    answer = report.answer
    cold = "a replica was already there" if answer.cold_start_seconds is None else f"{answer.cold_start_seconds:.2f} s"
    out.print(f"prompt      {answer.prompt!r}", markup=False)
    out.print(f"answer      {answer.text!r}", markup=False)
    out.print(f"cold start  {cold}", markup=False)
    out.print(f"warm        {answer.warm_ms:.0f} ms (median)", markup=False)
    out.print(f"HTTP = gRPC {answer.protocols_agree}; two prompts differ {answer.prompts_differ}", markup=False)
    out.print(f"objects     {in_words(report.applied)}", markup=False)
    out.print(f"total       {report.seconds:.1f} s", markup=False)


def steps_table(steps: Sequence[Step]) -> Table:
    """What was built and done, and for how long; what came out of the cache is one line."""
    table = Table("step", "outcome", "seconds", title="What was done")
    cached = [step for step in steps if step.outcome is Outcome.CACHED]
    for step in steps:
        if step.outcome is not Outcome.CACHED:
            detail = f": {step.detail}" if step.detail else ""
            table.add_row(step.name, f"{step.outcome}{detail}", f"{step.seconds:.1f}")
    if cached:
        table.add_row(f"{len(cached)} other steps", "cached", f"{sum(step.seconds for step in cached):.1f}")
    return table


def print_applied(applied: ApplyReport, output_format: OutputFormat) -> None:
    """Tell what changed in a cluster of the user's own."""
    if output_format is OutputFormat.JSON:
        print_json(asdict(applied))
    else:
        out.print(f"objects     {in_words(applied)}", markup=False)


def in_words(applied: ApplyReport) -> str:
    """What an apply did to the cluster's objects."""
    if applied.nothing_changed:
        return f"no change ({applied.unchanged} objects)"
    return (
        f"{applied.created} created, {applied.changed} changed, {applied.pruned} pruned, {applied.unchanged} unchanged"
    )
