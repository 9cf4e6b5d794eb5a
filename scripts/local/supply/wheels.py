"""Wheels whose files go into images: downloaded for the Python of the image, not for the one that runs this command."""

from __future__ import annotations

import sys
from pathlib import Path

from aigc.catalog.cache import cache_dir
from scripts.local.supply.pins import wheel_version
from scripts.local.supply.process import run
from scripts.local.supply.store import ensure_entry

WAY_OUT = "check that pip can reach a package index, then run the same command again"


def ensure_wheel(name: str, python: str) -> Path:
    """The pinned wheel of a package for Python `python` (such as `3.11`), downloaded once, without dependencies."""
    pin = f"{name}=={wheel_version(name)}"
    folder = cache_dir() / "wheels" / f"{name}-{wheel_version(name)}-py{python}"

    def fill(partial: Path) -> None:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        options = ["--only-binary=:all:", "--python-version", python, "--dest", str(partial)]
        run([*pip, *options, pin], f"wheel {pin} for Python {python}", WAY_OUT)

    ensure_entry(folder, fill)
    return next(folder.glob("*.whl"))
