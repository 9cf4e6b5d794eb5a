"""Names what an endpoint's pod will hold: two plans agree on the hash exactly when they agree on every byte of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from aigc.plan.repository import WORK, Model

HASH_CHARS = 12
_MEBIBYTE = 2**20
_LEFT_OUT = frozenset({"__pycache__", ".DS_Store", ".gitkeep", WORK})
"""What no pod needs: a better count of a model's work is no reason to serve it anew."""


def model_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file of a model by its path inside the folder, sorted, links followed, droppings of tools left out."""
    seen: list[tuple[str, Path]] = []
    stack = [(folder, "", frozenset({folder.resolve()}))]
    while stack:
        here, prefix, parents = stack.pop()
        for child in here.iterdir():
            if child.name in _LEFT_OUT:
                continue
            inside = f"{prefix}{child.name}"
            if not child.is_dir():
                seen.append((inside, child))
            elif (resolved := child.resolve()) not in parents:
                stack.append((child, f"{inside}/", parents | {resolved}))
    yield from sorted(seen)


def size_mib(repository: Path, served: Iterable[Model]) -> float:
    """How much all files of these models are together, in MiB."""
    sizes = (path.stat().st_size for one in served for _, path in model_files(repository / one.name))
    return round(sum(sizes) / _MEBIBYTE, 3)


def content_hash(repository: Path, models: Iterable[str], pins: Mapping[str, str]) -> str:
    """First 12 hex digits of the sha256 over the model folders and the pins of the serving image."""
    digest = hashlib.sha256()
    for name, version in sorted(pins.items()):
        digest.update(f"pin {name} {version}\n".encode())
    for model in sorted(models):
        for inside, path in model_files(repository / model):
            content = path.read_bytes()
            digest.update(f"file {model}/{inside} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()[:HASH_CHARS]


def files_hash(repository: Path, served: Iterable[Model]) -> str:
    """Names what a folder in a bucket holds: the files of these models, whatever image reads them."""
    return content_hash(repository, (model.name for model in served), {})
