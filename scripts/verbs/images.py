"""`images push`: the platform's own images and the models' to the registry of a stack."""

from __future__ import annotations

from typing import Annotated

import typer

from aigc.plan.validation import plan_of
from scripts.console import out
from scripts.own_cluster import push_images, refuse_without_registry
from scripts.progress import Progress


def register(app: typer.Typer) -> None:
    """Add the verb."""
    images = typer.Typer(help="Images that are built here.", no_args_is_help=True)
    app.add_typer(images, name="images")

    @images.callback()
    def group() -> None:
        """Images that are built here."""

    @images.command("push")
    def push(
        stack: Annotated[str, typer.Argument(help="Name of the stack; its `registry:` is where they go.")],
        insecure: Annotated[bool, typer.Option(help="The registry speaks plain HTTP.")] = False,
    ) -> None:
        """Build what a stack's pods run and push it; prints each reference with its digest."""
        plan = plan_of(stack)
        refuse_without_registry(plan)
        for reference in push_images(plan, Progress(), insecure):
            out.print(reference, markup=False)
