"""A layer is a folder turned into a tar whose bytes depend on the folder's content alone, built once per content key.

Layers are not compressed: they never travel over a network, and unpacking 300 MB of gzip would cost `up` 3 s of CPU.
"""

from __future__ import annotations

import json
import shutil
import stat
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aigc.catalog.cache import cache_dir
from scripts.local.images.files import merge_usr, walk
from scripts.local.supply.store import content_key, ensure_entry, file_sha256

FORMAT = "layer-2"
"""Part of every key: raise it when the way a layer is written changes, so that old ones are not taken for new."""

WORLD_WRITABLE = ("tmp", "var/tmp")


@dataclass(frozen=True)
class Ingredient:
    """What a layer is made of: `parts` tell its content exactly, `stage` puts the files into an empty folder."""

    title: str
    parts: tuple[str, ...]
    stage: Callable[[Path], None]


@dataclass(frozen=True)
class Layer:
    """A finished layer; `digest` is of the tar itself, which is what image configurations list."""

    tar: Path
    digest: str
    size: int
    made: bool


def ensure_layer(ingredient: Ingredient) -> Layer:
    """The layer of an ingredient, staged and tarred when it is not in the cache."""
    entry = cache_dir() / "images" / "layers" / content_key([FORMAT, *ingredient.parts])

    def fill(partial: Path) -> None:
        staged = partial / "staged"
        staged.mkdir()
        ingredient.stage(staged)
        merge_usr(staged)
        tar = partial / "layer.tar"
        write_tar(staged, tar)
        shutil.rmtree(staged)
        facts = {"title": ingredient.title, "digest": f"sha256:{file_sha256(tar)}", "size": tar.stat().st_size}
        (partial / "layer.json").write_text(json.dumps(facts))

    made = ensure_entry(entry, fill)
    facts = json.loads((entry / "layer.json").read_text())
    return Layer(entry / "layer.tar", facts["digest"], facts["size"], made)


def write_tar(folder: Path, tar: Path) -> None:
    """Write a folder as a tar: sorted, without times, owners or host-specific modes."""
    with tarfile.open(tar, "w", format=tarfile.PAX_FORMAT) as archive:
        for path in walk(folder):
            entry = _entry(path, path.relative_to(folder).as_posix())
            if entry.isreg():
                with path.open("rb") as content:
                    archive.addfile(entry, content)
            else:
                archive.addfile(entry)


def _entry(path: Path, name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
    elif stat.S_ISDIR(status.st_mode):
        entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name in WORLD_WRITABLE else 0o755
    else:
        # Set-user-ID bits go as well: nothing in a pod may use them.
        entry.size, entry.mode = status.st_size, 0o755 if status.st_mode & 0o111 else 0o644
    return entry
