"""Putting files where a layer wants them: copies that merge, wheels that are unpacked, /lib that moves under /usr."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

MERGED = ("bin", "sbin", "lib", "lib64")
"""Folders at the root that Debian 12 and later keep under /usr, with links to them."""


def walk(folder: Path) -> Iterator[Path]:
    """Everything below a folder in one fixed order, parents first; links are not followed."""
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from walk(path)


def merge_usr(root: Path) -> None:
    """Move /lib, /bin … under /usr, as every current Debian has it; the base layer brings the links.

    Packages of different releases put the same library at either place, and a layer may not turn a link into a folder.
    """
    for name in MERGED:
        old = root / name
        if old.is_dir() and not old.is_symlink():
            copy_tree(old, root / "usr" / name)
            shutil.rmtree(old)


def copy_tree(source: Path, target: Path, omit: Callable[[str], bool] = lambda _: False) -> None:
    """Copy a folder into another, merging; links stay links; `omit` sees each path relative to the source."""
    for path in walk(source):
        relative = path.relative_to(source).as_posix()
        if omit(relative):
            continue
        goal = target / relative
        if path.is_symlink():
            goal.parent.mkdir(parents=True, exist_ok=True)
            goal.unlink(missing_ok=True)
            goal.symlink_to(path.readlink())
        elif path.is_dir():
            goal.mkdir(parents=True, exist_ok=True)
        else:
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, goal)
            goal.chmod(path.stat().st_mode & 0o777)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file with its executable bit."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755 if source.stat().st_mode & 0o111 else 0o644)


def unzip(wheel: Path, folder: Path, place: Callable[[str], str | None]) -> None:
    """Unpack a wheel; `place` says where a file goes, None leaves it out. `X.data/purelib` counts as the top."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            name = member.filename
            if ".data/" in name:
                _, _, rest = name.partition(".data/")
                scheme, _, name = rest.partition("/")
                if scheme not in {"purelib", "platlib"}:
                    continue
            target = None if member.is_dir() else place(name)
            if target is None:
                continue
            goal = folder / target
            goal.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as content, goal.open("wb") as out:
                shutil.copyfileobj(content, out, 1 << 20)
            goal.chmod(0o755 if member.external_attr >> 16 & 0o111 else 0o644)


def move(path: str, paths: Mapping[str, str]) -> str | None:
    """Where a path goes when files or whole folders of a wheel are put elsewhere."""
    for source, target in paths.items():
        if path == source:
            return target
        if path.startswith(f"{source}/"):
            return f"{target}{path[len(source) :]}"
    return None


def omitter(patterns: list[str]) -> Callable[[str], bool]:
    """Whether a path matches any pattern; `*` crosses folders."""
    return lambda path: any(fnmatchcase(path, pattern) for pattern in patterns)
