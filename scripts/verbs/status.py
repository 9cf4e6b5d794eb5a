"""`status`: what runs, and in words what is wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from kubernetes.client.exceptions import ApiException
from rich.table import Table
from urllib3.exceptions import HTTPError

from aigc.catalog.cache import KUBECONFIG
from scripts.console import EXIT_FINE, EXIT_NO, OutputFormat, out, print_json
from scripts.local.cluster_api import ProcessStatus, cluster_status
from scripts.local.workloads import Workloads, WorkloadStatus

RUNNING = "running"
API_SERVER = "kube-apiserver"


def register(app: typer.Typer) -> None:
    """Add the verb."""

    @app.command("status")
    def status(
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Every process of the local cluster and every workload on it; exit code 1 when something is wrong."""
        processes = cluster_status()
        api_answers = any(p.name == API_SERVER and p.state == RUNNING for p in processes)
        workloads = workloads_or_words() if api_answers else []
        if output_format is OutputFormat.JSON:
            print_json({"processes": [asdict(p) for p in processes], "workloads": [asdict(w) for w in workloads]})
        else:
            print_tables(processes, workloads)
        sound = api_answers and all(p.state == RUNNING for p in processes) and all(w.ready for w in workloads)
        raise typer.Exit(EXIT_FINE if sound else EXIT_NO)


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
