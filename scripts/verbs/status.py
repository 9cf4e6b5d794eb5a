"""`status`: what runs, and in words what is wrong; with --html as a page with pictures and a verdict."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from kubernetes.client.exceptions import ApiException
from rich.table import Table
from urllib3.exceptions import HTTPError

from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.faults import UserError, fail
from scripts.console import EXIT_FINE, EXIT_NO, OutputFormat, err, out, print_json
from scripts.load.page import write_page
from scripts.load.settings import refuse, writable_fault
from scripts.local.cluster_api import ProcessStatus, cluster_status
from scripts.local.workloads import Workloads, WorkloadStatus
from scripts.stacks import LOCAL_STACK

RUNNING = "running"
API_SERVER = "kube-apiserver"
MOST_MINUTES = 1440.0
"""A day: as long as the local Prometheus keeps its data."""


def register(app: typer.Typer) -> None:
    """Add the verb."""

    @app.command("status")
    def status(
        html: Annotated[Path | None, typer.Option(help="Also write a page with pictures there.")] = None,
        minutes: Annotated[float, typer.Option(help="How far the page's pictures go back.")] = 30.0,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Every process of the local cluster and every workload on it; exit code 1 when something is wrong."""
        refuse(writable_fault("--html", html))
        if not 1 <= minutes <= MOST_MINUTES:
            raise fail("--minutes", f"is {minutes:g}", f"give 1 to {MOST_MINUTES:g}")
        processes = cluster_status()
        api_answers = any(p.name == API_SERVER and p.state == RUNNING for p in processes)
        workloads = workloads_or_words() if api_answers else []
        if html is not None:
            write_status_page(html, minutes, processes, workloads)
        if output_format is OutputFormat.JSON:
            print_json({"processes": [asdict(p) for p in processes], "workloads": [asdict(w) for w in workloads]})
        else:
            print_tables(processes, workloads)
        sound = api_answers and all(p.state == RUNNING for p in processes) and all(w.ready for w in workloads)
        raise typer.Exit(EXIT_FINE if sound else EXIT_NO)


def write_status_page(
    path: Path, minutes: float, processes: list[ProcessStatus], workloads: list[WorkloadStatus]
) -> None:
    """Write the page with whatever can be known now; what cannot, it says in words."""
    # Only here: the panels import the SDK of Grafana and of Pulumi, a second that `status` alone does not need.
    from aigc.plan.validation import plan_of  # noqa: PLC0415
    from scripts.local.prometheus import Prometheus, UnansweredError  # noqa: PLC0415
    from scripts.status_page.collect import utc, with_prometheus  # noqa: PLC0415
    from scripts.status_page.html import status_page  # noqa: PLC0415
    from scripts.status_page.state import PageState  # noqa: PLC0415

    state = PageState(utc(time.time()), minutes, tuple(processes), tuple(workloads), ())
    try:
        prometheus = Prometheus.of(Workloads.connect(KUBECONFIG))
        state = with_prometheus(state, plan_of(LOCAL_STACK), prometheus)
    except UnansweredError as silent:
        way_out = "`python -m scripts status` and `python -m scripts logs prometheus` tell more."
        state = replace(state, problems=(f"No numbers: {silent}. {way_out}",))
    except UserError as error:
        words = "; ".join(f"{fault.where}: {fault.problem} → {fault.way_out}" for fault in error.faults)
        state = replace(state, problems=(f"No numbers: {words}.",))
    except (ApiException, HTTPError) as error:
        reason = getattr(error, "reason", None) or error
        state = replace(state, problems=(f"No numbers: the API server does not answer: {reason}; see the processes.",))
    write_page(path, status_page(state))
    err.print(f"✓ {path}", style="green", markup=False)


def workloads_or_words() -> list[WorkloadStatus]:
    """Every workload; when the API server runs but does not answer, that in words."""
    try:
        return Workloads.connect(KUBECONFIG).statuses()
    except (ApiException, HTTPError) as error:
        reason = getattr(error, "reason", None) or error
        return [WorkloadStatus("-", API_SERVER, False, f"does not answer: {reason}; see `scripts logs {API_SERVER}`")]


def print_tables(processes: list[ProcessStatus], workloads: list[WorkloadStatus]) -> None:
    """For a person."""
    if not processes:
        out.print("the local cluster is down; `make up` brings it up")
        return
    table = Table("process", "state", "in words", title="This machine")
    for process in processes:
        table.add_row(process.name, process.state, process.words)
    out.print(table)
    table = Table("namespace", "workload", "ready", "in words", title="In the cluster")
    for workload in workloads:
        table.add_row(workload.namespace, workload.name, "yes" if workload.ready else "NO", workload.words)
    out.print(table)
