"""The control groups of the cluster: one of our own at the top of every hierarchy, removed bottom-up by `down`."""

from __future__ import annotations

import shlex
from pathlib import Path

from scripts.local.cluster.host_config import CgroupDriver
from scripts.local.cluster.host_facts import CGROUP_ROOT
from scripts.local.cluster.layout import CGROUP_NAME

HOST_GROUP = "host"
"""Where the supervisor and its children live, beside the groups of pods."""
SYSTEMD_PREFIX = ("systemd-run", "--scope", "--quiet", "--collect", "--slice=aigc.slice", "--")


def start_prefix(driver: CgroupDriver, root: Path = CGROUP_ROOT) -> tuple[str, ...]:
    """What the supervisor's command line starts with, so that it and all it starts live in a group of ours.

    Out of the session of the person who ran `up`, which may end before the cluster does.
    """
    if driver is CgroupDriver.SYSTEMD:
        return SYSTEMD_PREFIX
    files = [str(hierarchy / CGROUP_NAME / HOST_GROUP / "cgroup.procs") for hierarchy in hierarchies(root)]
    enter = "".join(f"echo $$ > {shlex.quote(file)} && " for file in files)
    return ("/bin/sh", "-c", f'{enter}exec "$@"', "sh")


def hierarchies(root: Path = CGROUP_ROOT) -> list[Path]:
    """Every hierarchy: one on v2, one for each mounted controller on v1, the unified one too on a hybrid."""
    if (root / "cgroup.controllers").exists():
        return [root]
    if not root.is_dir():
        return []
    return sorted({entry.resolve() for entry in root.iterdir() if (entry / "cgroup.procs").exists()})


def ensure(root: Path = CGROUP_ROOT) -> None:
    """Make our group in every hierarchy."""
    for hierarchy in hierarchies(root):
        group = hierarchy / CGROUP_NAME
        group.mkdir(exist_ok=True)
        _inherit_cpuset(hierarchy, group)
        host = group / HOST_GROUP
        host.mkdir(exist_ok=True)
        _inherit_cpuset(group, host)


def members(root: Path = CGROUP_ROOT) -> list[int]:
    """Every process in a group of ours."""
    found: set[int] = set()
    for group in groups(root):
        try:
            found.update(int(pid) for pid in (group / "cgroup.procs").read_text().split())
        except OSError:
            continue
    return sorted(found - {0})


def groups(root: Path = CGROUP_ROOT) -> list[Path]:
    """Our groups, deepest first."""
    found: list[Path] = []
    for hierarchy in hierarchies(root):
        top = hierarchy / CGROUP_NAME
        if top.is_dir():
            found += [top, *(path for path in top.rglob("*") if path.is_dir())]
    return sorted(found, key=lambda path: len(path.parts), reverse=True)


def remove(root: Path = CGROUP_ROOT) -> None:
    """Remove our groups; one that still has a process stays, and the residue names it."""
    for group in groups(root):
        try:
            group.rmdir()
        except OSError:
            continue


def _inherit_cpuset(parent: Path, child: Path) -> None:
    """A new v1 cpuset is empty and takes no process until it has processors and memory nodes."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        source, target = parent / name, child / name
        if (
            source.exists()
            and target.exists()
            and not target.read_text().strip()
            and (text := source.read_text().strip())
        ):
            target.write_text(text)
