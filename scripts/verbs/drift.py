"""`drift STACK`: what of a cluster is no longer as the program says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.kinds import Cloud
from aigc.config.stacks import PROJECT_ROOT
from aigc.plan.validation import plan_of
from scripts.console import EXIT_NO, OutputFormat, out, print_json
from scripts.engine.api import Drift, DriftReport, drift_of_stack
from scripts.engine.differences import Difference, shown
from scripts.own_cluster import kubeconfig_path
from scripts.stacks import LOCAL_STACK

_HIDDEN = "[secret]"


def register(app: typer.Typer) -> None:
    """Add the verb."""

    @app.command("drift")
    def drift(
        stack: Annotated[str, typer.Argument(help="Name of the stack.")] = LOCAL_STACK,
        kubeconfig: Annotated[
            Path | None, typer.Option(help="Of the stack's cluster; default: kubectl's, for `local` our own.")
        ] = None,
        context: Annotated[str | None, typer.Option(help="Context in the kubeconfig.")] = None,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """List Kubernetes objects that are missing, changed or left over, compared with the program.

        Nothing is written: the API server is asked by dry runs. Ends with 0 when nothing differs, 1 when something
        does, 2 when the cluster cannot be asked.
        """
        path, named, overrides = _place(stack, kubeconfig, context)
        report = drift_of_stack(stack, PROJECT_ROOT, path, named, overrides=overrides)
        if output_format is OutputFormat.JSON:
            print_json(as_json(report))
        else:
            for line in as_lines(report):
                out.print(line, markup=False)
        if report.drifts:
            raise typer.Exit(EXIT_NO)


def as_json(report: DriftReport) -> dict[str, Any]:
    """`drifts` have `object`, `what`, `fields` (`path`, `declared`, `there`) and `by`; secret values are masked."""
    return {
        "stack": report.stack,
        "server": report.server,
        "compared": report.compared,
        "agree": not report.drifts,
        "drifts": [_drift(one) for one in report.drifts],
        "not_compared": [{"object": name, "why": why} for name, why in report.not_compared],
    }


def as_lines(report: DriftReport) -> Iterator[str]:
    """The same for a person."""
    yield f"stack {report.stack} against {report.server}"
    for drift in report.drifts:
        yield f"{drift.what}: {drift.key}"
        yield from (f"    {line}" for line in drift.by)
        for field in _drift(drift)["fields"]:
            yield f"    {field['path']}: {field['declared']} declared, {field['there']} there"
    for name, why in report.not_compared:
        yield f"not compared: {name}: {why}"
    if report.drifts:
        yield f"{len(report.drifts)} objects differ; {report.compared} were compared"
    else:
        yield f"all {report.compared} objects that were compared are as the program says"


def _drift(drift: Drift) -> dict[str, Any]:
    fields = [_field(one, drift.hidden) for one in drift.fields]
    return {"object": drift.key, "what": str(drift.what), "fields": fields, "by": list(drift.by)}


def _field(field: Difference, hidden: bool) -> dict[str, str]:
    declared, there = (_HIDDEN if hidden else shown(one) for one in (field.ours, field.theirs))
    return {"path": field.path, "declared": declared, "there": there}


def _place(stack: str, kubeconfig: Path | None, context: str | None) -> tuple[Path, str | None, dict[str, str]]:
    """Kubeconfig and context, and what of them is in the stack's own configuration, as `up` puts it there."""
    asked = kubeconfig is not None or context is not None
    if stack == LOCAL_STACK and not asked:
        return KUBECONFIG, None, {}
    plan = plan_of(stack)
    own = Path(plan.cluster.kubeconfig).expanduser() if plan.cluster.kubeconfig and stack != LOCAL_STACK else None
    path, context = kubeconfig_path(kubeconfig or own), context or plan.cluster.context
    if not asked or plan.cloud not in (Cloud.LOCAL, Cloud.EXISTING):
        return path, context, {}
    return path, context, {"kubeconfig": str(path), **({} if context is None else {"context": context})}
