"""Debian packages without installing them: apt resolves and downloads as the host is set up, we unpack into the cache.

What was resolved is remembered, so that later runs need neither apt nor a network and take milliseconds. No maintainer
script runs and nothing of the host changes, except that missing package lists are fetched once (`apt-get update`).
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from aigc.catalog.cache import cache_dir
from aigc.catalog.faults import UserError, fail
from scripts.local.supply.process import run
from scripts.local.supply.store import content_key, ensure_entry, write_whole
from scripts.progress import Outcome, Progress

WAY_OUT = "check `apt-get update` on this machine (network, /etc/apt), then run the same command again"
LISTS = Path("/var/lib/apt/lists")
CLOSURE_OPTIONS = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]


@dataclass(frozen=True)
class Request:
    """Which packages are wanted, and where following their dependencies ends."""

    packages: tuple[str, ...]
    never: tuple[str, ...]

    @property
    def key(self) -> str:
        """A key of the request on this release of Debian."""
        release = platform.freedesktop_os_release()
        return content_key([release.get("ID", ""), release.get("VERSION_ID", ""), *self.packages, "|", *self.never])


@dataclass(frozen=True)
class Unpacked:
    """A folder with the files of the packages, and exactly which versions they are."""

    root: Path
    versions: Mapping[str, str]

    @property
    def key(self) -> str:
        """The key of the content: names and exact versions."""
        return versions_key(self.versions)


def versions_key(versions: Mapping[str, str]) -> str:
    """The key of a set of packages at exact versions."""
    return content_key(f"{name}={version}" for name, version in sorted(versions.items()))


def ensure_debian(title: str, request: Request, progress: Progress) -> Unpacked:
    """Resolve, download and unpack the packages of a request, each step once."""
    with progress.step(f"Debian packages: {title}") as step:
        versions = _remembered(request)
        if versions is None:
            versions = _resolve(request)
            _remember(request, versions)
        step.outcome = Outcome.CACHED
        if not _root(versions).is_dir():
            step.outcome = Outcome.BUILT
            try:
                _ensure_unpacked(versions)
            except UserError:
                # The remembered versions may have left the archive since: ask apt once more.
                fresh = _resolve(request)
                if fresh == versions:
                    raise
                versions = fresh
                _remember(request, versions)
                _ensure_unpacked(versions)
        step.detail = f"{len(versions)} packages"
        return Unpacked(_root(versions), versions)


def closure(depends: str, roots: Sequence[str], never: Iterable[str]) -> list[str]:
    """The packages needed by `roots`, from the output of `apt-cache depends --recurse`, stopping at `never`."""
    graph, providers = _graph(depends)
    names = {name for name in graph if any(fnmatchcase(name, pattern) for pattern in never)}
    stop, wanted, queue = names, set[str](), list(roots)
    while queue:
        name = queue.pop()
        if name.startswith("<"):
            name = next(iter(providers.get(name, [])), name)
        if name in stop or name in wanted or name.startswith("<"):
            continue
        if name not in graph:
            raise fail(f"Debian package {name}", "apt knows no such package", WAY_OUT)
        wanted.add(name)
        for alternatives in graph[name]:
            # Of `A | B` the first that is real; when one is already wanted or excluded, that one will do.
            known = [alternative for alternative in alternatives if alternative in wanted or alternative in stop]
            queue.append((known or alternatives)[0])
    return sorted(wanted)


def _graph(depends: str) -> tuple[dict[str, list[list[str]]], dict[str, list[str]]]:
    graph: dict[str, list[list[str]]] = {}
    providers: dict[str, list[str]] = {}
    current: list[list[str]] = []
    virtual, is_open = "", False
    for line in depends.splitlines():
        text = line.strip()
        if line and not line[0].isspace():
            current = graph.setdefault(text, []) if not text.startswith("<") else []
            is_open = False
        elif "Depends: " in text:
            name = text.partition(": ")[2]
            if is_open:
                current[-1].append(name)
            else:
                current.append([name])
            virtual, is_open = name, text.startswith("|")
        elif text:
            providers.setdefault(virtual, []).append(text)
    return graph, providers


def _resolve(request: Request) -> dict[str, str]:
    _check_host()
    if not any(LISTS.glob("*_Packages*")):
        run(["apt-get", "update", "--quiet"], "package lists of apt", WAY_OUT)
    where = f"Debian packages {' '.join(request.packages)}"
    text = run(["apt-cache", "depends", "--recurse", *CLOSURE_OPTIONS, *request.packages], where, WAY_OUT)
    names = closure(text, request.packages, request.never)
    return candidates(run(["apt-cache", "policy", *names], where, WAY_OUT))


def candidates(policy: str) -> dict[str, str]:
    """Package -> candidate version, from the output of `apt-cache policy`."""
    versions: dict[str, str] = {}
    name = ""
    for line in policy.splitlines():
        if line and not line[0].isspace():
            name = line.rstrip(":")
        elif line.strip().startswith("Candidate: "):
            versions[name] = line.partition(": ")[2].strip()
    return versions


def _check_host() -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise fail(
            "this machine",
            "there is no apt here",
            "use Debian 12 or newer, or a cluster of your own: --kubeconfig FILE",
        )
    if os.geteuid() != 0:
        raise fail(
            "this user",
            "downloading Debian packages and running a cluster need root",
            "run it as root: sudo -E make up",
        )


def _ensure_unpacked(versions: Mapping[str, str]) -> None:
    ensure_entry(_root(versions).parent, lambda partial: _download_and_unpack(versions, partial))


def _download_and_unpack(versions: Mapping[str, str], entry: Path) -> None:
    """Fill `entry/root`; the archives lie beside it until then, so that an interrupted download never counts."""
    archives, root = entry / "archives", entry / "root"
    archives.mkdir()
    wanted = [f"{name}={version}" for name, version in sorted(versions.items())]
    # As root: apt's own user may not enter our folder, and says so in a warning that would worry people.
    command = ["apt-get", "download", "--quiet", "-o", "APT::Sandbox::User=root", *wanted]
    run(command, f"download of {len(wanted)} Debian packages", WAY_OUT, cwd=archives)
    for archive in sorted(archives.iterdir()):
        run(["dpkg-deb", "-x", archive, root], f"Debian package {archive.name}", WAY_OUT)
    shutil.rmtree(archives)


def _root(versions: Mapping[str, str]) -> Path:
    return cache_dir() / "deb" / versions_key(versions) / "root"


def _memory(request: Request) -> Path:
    return cache_dir() / "deb" / f"resolved-{request.key}.json"


def _remembered(request: Request) -> dict[str, str] | None:
    try:
        versions: dict[str, str] = json.loads(_memory(request).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return versions


def _remember(request: Request, versions: Mapping[str, str]) -> None:
    write_whole(_memory(request), json.dumps(versions, indent=2, sort_keys=True).encode())
