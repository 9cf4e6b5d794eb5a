"""Files of the catalog, written whole or not at all; or only the difference shown."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from aigc.catalog.faults import fail
from aigc.config.stacks import shown
from scripts.local.supply.store import write_whole


def text_of(path: Path) -> str:
    """What a file holds; empty where there is none."""
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def difference(path: Path, text: str) -> Iterator[str]:
    """A file as it is against `text`, as a unified diff; nothing where they are equal."""
    before = text_of(path).splitlines()
    yield from difflib.unified_diff(before, text.splitlines(), shown(path), shown(path), n=1, lineterm="")


def write(path: Path, text: str) -> None:
    """Put `text` in the place of a file.

    Raises:
        UserError: it cannot be written; then it is as it was.
    """
    try:
        write_whole(path, text.encode())
    except OSError as error:
        way_out = "run this in a checkout that is yours to write"
        raise fail(shown(path), f"cannot be written: {error.strerror}", way_out) from None
