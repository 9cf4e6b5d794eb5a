"""The catalog with rows that a test adds to one of its files, as somebody would who edits it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aigc.catalog import accelerators, data, machines

_READ_ONCE = (machines._file, machines.machines, machines.all_machines, machines.sources, accelerators.accelerators)


def _forget() -> None:
    for reader in _READ_ONCE:
        reader.cache_clear()


@contextmanager
def catalog_with(monkeypatch: pytest.MonkeyPatch, folder: Path, **rows: str) -> Iterator[None]:
    """Each file's name without `.yaml` -> a line that is added at its end."""
    copy = folder / "catalog"
    shutil.copytree(data.HERE, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name, row in rows.items():
        with (copy / f"{name}.yaml").open("a") as file:
            file.write(f"{row}\n")
    with monkeypatch.context() as patched:
        patched.setattr(data, "HERE", copy)
        _forget()
        try:
            yield
        finally:
            _forget()
