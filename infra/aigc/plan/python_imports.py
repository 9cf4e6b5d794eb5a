"""What the Python files of a model import, so that a package which an image has not is named before a pod starts."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from aigc.plan.repository import Model

PYTHON_BACKEND = "python"


def imported_packages(folder: Path) -> set[str]:
    """Packages that the Python files of a model need, beside the standard library and each other."""
    files = sorted(folder.rglob("*.py"))
    found = set().union(*(_imported_by(path.read_bytes()) for path in files))
    return found - {path.stem for path in files} - set(sys.stdlib_module_names)


@lru_cache(maxsize=512)
def _imported_by(source: bytes) -> frozenset[str]:
    """Kept by content, since a plan asks it of every model and tests make hundreds of plans: 0.1 s each otherwise."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return frozenset()  # Triton says so when it loads it, on every machine alike.
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return frozenset(found)


def missing_packages(repository: Path, served: Sequence[Model], packages: Iterable[str]) -> list[tuple[Model, str]]:
    """Models of the Python backend, each with a package that an image with these packages has not."""
    there = set(packages)
    return [
        (model, package)
        for model in served
        if model.config.backend == PYTHON_BACKEND
        for package in sorted(imported_packages(repository / model.name) - there)
    ]
