"""The one rule of the cache: an entry is a folder that appears whole, by one rename, or not at all.

Anything may be interrupted at any point (ctrl-C, a lost machine), so work goes on in a folder with another name and a
leftover of it never counts as done. A lock per entry keeps two commands from building the same thing at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aigc.catalog.cache import cache_dir

KEY_LENGTH = 16
"""Hex digits of a content key: 64 bits, so that two of a few thousand entries never meet."""


def content_key(parts: Iterable[str | bytes]) -> str:
    """A key that changes when any part does; parts are framed by length, so that moving text between them shows."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()[:KEY_LENGTH]


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def ensure_entry(directory: Path, fill: Callable[[Path], None]) -> bool:
    """Make `directory` by running `fill` on an empty folder beside it; say whether it had to be made."""
    if directory.is_dir():
        return False
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _locked(directory):
        if directory.is_dir():
            return False
        for leftover in directory.parent.glob(f".{directory.name}.*.partial"):
            shutil.rmtree(leftover, ignore_errors=True)
        partial = directory.parent / f".{directory.name}.{os.getpid()}.partial"
        partial.mkdir()
        try:
            fill(partial)
            partial.rename(directory)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return True


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old bytes or the new ones, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.parent / f".{path.name}.{os.getpid()}.partial"
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    locks = cache_dir() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / f"{content_key([str(directory)])}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
