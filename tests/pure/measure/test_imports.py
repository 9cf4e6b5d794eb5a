"""The measuring program runs where nothing of ours is installed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aigc.config.stacks import PROJECT_ROOT

PROGRAM = PROJECT_ROOT / "scripts" / "measure"
THERE = {*sys.stdlib_module_names, "torch"}


def needed(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def file_of(module: str) -> Path | None:
    for root in (PROJECT_ROOT, PROJECT_ROOT / "infra"):
        path = root / module.replace(".", "/")
        for found in (path.with_suffix(".py"), path / "__init__.py"):
            if found.is_file():
                return found
    return None


@pytest.mark.parametrize("path", sorted(PROGRAM.glob("*.py")), ids=lambda path: path.name)
def test_it_imports_pytorch_and_files_that_import_nothing_else(path: Path) -> None:
    open_files, seen = [path], set()
    while open_files:
        here = open_files.pop()
        seen.add(here)
        for module in needed(here):
            if module.split(".")[0] in THERE:
                continue
            # A package is imported before what is in it.
            for length in range(1, module.count(".") + 2):
                file = file_of(".".join(module.split(".")[:length]))
                assert file is not None or length > 1, f"{here.name} needs {module}"
                if file is not None and file not in seen:
                    open_files.append(file)
