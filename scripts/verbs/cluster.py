"""`cluster`: the Kubernetes of this machine alone, without a stack on it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from scripts.console import EXIT_FINE, EXIT_NO, OutputFormat, out, print_json
from scripts.local.cluster_api import ProcessStatus, cluster_down, cluster_status, cluster_up
from scripts.progress import Progress

RUNNING = "running"


def register(app: typer.Typer) -> None:
    """Add the verb and its own verbs."""
    cluster = typer.Typer(name="cluster", help="The local Kubernetes cluster of this machine.", no_args_is_help=True)

    @cluster.command("up")
    def up() -> None:
        """Bring the cluster up, or what is missing of it, and print the path of its kubeconfig."""
        out.print(str(cluster_up(Progress()).kubeconfig), markup=False)

    @cluster.command("down")
    def down() -> None:
        """Remove the cluster with everything it put on this machine."""
        cluster_down(Progress())

    @cluster.command("status")
    def status(
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """Every process of the cluster, in words; exit code 1 when one does not work."""
        processes = cluster_status()
        if output_format is OutputFormat.JSON:
            print_json({"processes": [asdict(process) for process in processes]})
        else:
            _print(processes)
        sound = bool(processes) and all(process.state == RUNNING for process in processes)
        raise typer.Exit(EXIT_FINE if sound else EXIT_NO)

    _register_supply(cluster)
    app.add_typer(cluster)


def _register_supply(cluster: typer.Typer) -> None:
    """What fills the cache alone."""

    @cluster.command("build")
    def build() -> None:
        """Build everything that `up local` needs into the cache, and start nothing."""
        from scripts.local.bring_up import build as build_all  # noqa: PLC0415 - the other verbs do not need it

        build_all(Progress())

    @cluster.command("manifests")
    def manifests() -> None:
        """Extract the YAML of the platform's components from their Go modules into the cache."""
        from scripts.local.supply.api import ensure_manifests  # noqa: PLC0415 - the other verbs do not need it

        for path in ensure_manifests(Progress()):
            out.print(str(path), markup=False)


def _print(processes: list[ProcessStatus]) -> None:
    if not processes:
        out.print("the local cluster is down; `python -m scripts cluster up` brings it up")
        return
    table = Table("process", "state", "in words")
    for process in processes:
        table.add_row(process.name, process.state, process.words)
    out.print(table)
