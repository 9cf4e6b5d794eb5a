"""`logs`: the last words of a process of this machine or of anything that runs in the cluster, by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aigc.catalog.cache import KUBECONFIG
from scripts.console import err, out
from scripts.local.cluster_api import SUPERVISOR, component_log, component_names

DEFAULT_LINES = 50


def register(app: typer.Typer) -> None:
    """Add the verb."""

    @app.command("logs")
    def logs(
        component: Annotated[str, typer.Argument(help="A host process, an endpoint, a workload or a pod.")],
        lines: Annotated[int, typer.Option(min=1, help="How many of the last lines.")] = DEFAULT_LINES,
        kubeconfig: Annotated[Path | None, typer.Option(help="Look into this cluster of your own.")] = None,
        context: Annotated[str | None, typer.Option(help="Context in the kubeconfig.")] = None,
    ) -> None:
        """Print the last lines of a log."""
        own_cluster = kubeconfig is not None or context is not None
        if not own_cluster and component in (*component_names(), SUPERVISOR):
            out.print(component_log(component, lines), markup=False)
            return
        from scripts.local.pod_logs import pod_logs  # noqa: PLC0415 - host processes must not wait for the client

        for log in pod_logs(component, lines, kubeconfig or KUBECONFIG, context):
            err.print(f"── {log.namespace}/{log.pod} {log.container}", style="bold", markup=False)
            out.print(log.text.rstrip("\n"), markup=False)
