"""A copy of the catalog that a test may write into; what was read of the repository's own stays as it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aigc.catalog import data
from aigc.catalog.prices import snapshot


@contextmanager
def copied_catalog(folder: Path) -> Iterator[Path]:
    """The catalog's files below `folder`, read by everything inside the block."""
    copy = folder / "catalog"
    shutil.copytree(data.HERE, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__", "prices"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "HERE", copy)
        snapshot.cache_clear()
        try:
            yield copy
        finally:
            snapshot.cache_clear()
