"""`down`: take a stack away again, so that what `up` made on this machine is gone to the last rule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.local.cluster_api import cluster_down
from scripts.own_cluster import destroy
from scripts.progress import Progress
from scripts.stacks import LOCAL_STACK, pulumi_command


def register(app: typer.Typer) -> None:
    """Add the verb."""

    @app.command("down")
    def down(
        stack: Annotated[str, typer.Argument(help="Name of the stack.")] = LOCAL_STACK,
        kubeconfig: Annotated[
            Path | None, typer.Option(help="The cluster of your own that `up` was given; only our objects are removed.")
        ] = None,
        context: Annotated[str | None, typer.Option(help="Its context.")] = None,
    ) -> None:
        """Remove the stack; for `local` the whole cluster, its state, links and firewall rules."""
        progress = Progress()
        if kubeconfig is not None or context is not None:
            destroy(stack, kubeconfig, context, progress)
        elif stack == LOCAL_STACK:
            cluster_down(progress)
        else:
            raise typer.Exit(pulumi_command("destroy", stack))
