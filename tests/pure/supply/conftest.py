"""A cache of its own for every test, and a progress that stays silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.progress import Progress


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("AIGC_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def progress() -> Progress:
    return Progress(quiet=True)
