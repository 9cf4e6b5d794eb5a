"""`pin`: writes into the catalog what a plan may not look up: prices of a day, digests of images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from aigc.catalog.data import catalog_path
from aigc.catalog.faults import fail
from aigc.config.stacks import shown
from scripts.console import EXIT_NO, out
from scripts.pin.files import difference, text_of, write
from scripts.pin.images import FILE, Pinned, ask_images, filled
from scripts.pin.prices import Asked, as_text, ask_prices, name_of, places
from scripts.progress import Progress


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""

    @app.command("pin")
    def pin(
        prices: Annotated[bool, typer.Option("--prices", help="What the catalog's machines cost, by region.")] = False,
        images: Annotated[bool, typer.Option("--images", help="Digests of other makers' images.")] = False,
        cloud: Annotated[str | None, typer.Option(help="Of prices: aws or azure; default: those with a stack.")] = None,
        region: Annotated[
            list[str] | None, typer.Option(help="Of prices: a region of --cloud; default: its stacks'.")
        ] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the difference and write nothing.")] = False,
        timeout: Annotated[
            float, typer.Option(min=1, help="Seconds for the prices of a region, or for all images.")
        ] = 600,
    ) -> None:
        """Ask outside for what a plan needs and may not ask for, and write it into the catalog, to be committed.

        Ends with 1 when a region tells no price or a registry no digest, or a tag has moved; with 2 without
        credentials, and then nothing is written at all.
        """
        _refuse_nothing(prices, images, bool(cloud or region))
        today, progress = datetime.now(UTC).date(), Progress()
        # All is asked before the first file is written.
        asked = [ask_prices(one, timeout, today, progress) for one in places(cloud, region or ())] if prices else []
        versions = text_of(catalog_path(FILE))
        pinned = ask_images(versions, timeout, progress) if images else ()
        with_digests = filled(versions, {one.name: one.digest for one in pinned if one.digest})
        _deliver_prices(asked, dry_run)
        _deliver_images(pinned, with_digests, dry_run)
        if not all(one.says_something for one in asked) or not all(one.settled for one in pinned):
            raise typer.Exit(EXIT_NO)


def _refuse_nothing(prices: bool, images: bool, place: bool) -> None:
    if not prices and not images:
        raise fail("pin", "nothing is asked for", "add --prices or --images")
    if place and not prices:
        raise fail("pin", "--cloud and --region are of prices alone", "add --prices, or leave them out")


def _deliver_prices(asked: Iterable[Asked], dry_run: bool) -> None:
    """Every region that told something gets its file; what it did not tell is named."""
    for one in asked:
        for gap in one.gaps:
            out.print(f"? {one.place}: {gap}", markup=False)
        if one.says_something:
            _deliver(name_of(one.place), as_text(one.snapshot), one.counted(), dry_run)
        else:
            out.print(f"✗ {one.place}: no price was to be had, nothing is written", style="red", markup=False)


def _deliver_images(pinned: Sequence[Pinned], with_digests: str, dry_run: bool) -> None:
    """Digests that were found go into versions.yaml; every image is named with what became of it."""
    for one in pinned:
        out.print(f"{'✓' if one.settled else '?'} {one.name}: {one.outcome}: {one.words}", markup=False)
    if pinned:
        _deliver(FILE, with_digests, f"{sum(one.digest is not None for one in pinned)} digests found", dry_run)


def _deliver(name: str, text: str, counted: str, dry_run: bool) -> None:
    """A file of the catalog, or what would change in it."""
    path = catalog_path(name)
    if text == text_of(path):
        out.print(f"✓ {shown(path)} is as it was ({counted})", markup=False)
    elif dry_run:
        for line in difference(path, text):
            out.print(line, markup=False)
    else:
        write(path, text)
        out.print(f"✓ {shown(path)} written ({counted}); commit it", style="green", markup=False)
