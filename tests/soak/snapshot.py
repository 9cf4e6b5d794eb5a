"""The host as far as a cluster could have touched it, to be compared before `up` and after `down`."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from aigc.catalog.cache import cache_dir
from scripts.local.cluster import cgroups, processes
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.network import Network

Facts = dict[str, str]
"""What is there -> how it is."""
VOLATILE_SYSCTLS = (
    # Counters and random numbers, which change by themselves.
    "fs/dentry-state", "fs/file-nr", "fs/inode-nr", "fs/inode-state", "fs/aio-nr", "fs/quota/*", "kernel/random/*",
    "kernel/ns_last_pid", "kernel/pty/nr", "kernel/perf_event_max_sample_rate", "net/netfilter/nf_conntrack_count",
)  # fmt: skip
EXPECTED = (
    # Held by `up` and `down`, beside the folder that `down` removes: taking it away would let two of them run at once.
    "path /run/lock/aigc-local.lock",
)
HASHED = ("/etc",)
LISTED = ("/var/lib", "/run", "/dev/shm", "/var/log/pods", "/var/log/containers", "/opt")  # noqa: S108 - only looked at
LIVING = ("/run/systemd", "/run/user", "/run/udev", "/run/log", "/var/lib/apt", "/var/lib/dpkg", "/var/lib/systemd")
"""The host's own services write there all the time."""


def snapshot(bin_dir: Path | None = None) -> Facts:
    """Processes of ours, mounts, links, firewall rules, sysctls, files, control groups without strangers."""
    facts: Facts = {}
    ours = _processes()
    facts |= {f"process {pid}": "" for pid in sorted(ours)}
    facts |= {f"mount {line}": "" for line in _mounts()}
    facts |= {f"link {link.name}": "" for link in Path("/sys/class/net").iterdir()}
    facts |= {f"chain {chain}": "" for chain in Network(bin_dir or _tools()).chains()}
    facts |= {f"cgroup {group}": "" for group in _cgroups(cgroups.hierarchies(), ours)}
    facts |= dict(_sysctls(Path("/proc/sys")))
    for folder in HASHED:
        facts |= dict(_files(Path(folder), hashed=True))
    for folder in LISTED:
        facts |= dict(_files(Path(folder), hashed=False))
    return facts


def differences(before: Facts, after: Facts) -> list[str]:
    """What came, went or changed, in words."""
    came = [f"new: {name}" for name in sorted(after.keys() - before.keys())]
    went = [f"gone: {name}" for name in sorted(before.keys() - after.keys())]
    changed = [
        f"changed: {name} from {before[name]} to {after[name]}"
        for name in sorted(before.keys() & after.keys())
        if before[name] != after[name]
    ]
    return [line for line in (*came, *went, *changed) if not line.endswith(EXPECTED)]


def below(root: Path) -> Iterator[Path]:
    """Everything under a folder; what goes while we look is no fault (`rglob` would raise)."""
    for folder, folders, files in os.walk(root):
        yield from (Path(folder, name) for name in (*folders, *files))


def _processes() -> set[int]:
    layout = Layout()
    return {*(p.pid for p in processes.owned(layout)), *processes.contained(layout), *cgroups.members()}


def _tools() -> Path | None:
    return next(iter(sorted((cache_dir() / "host-tools").glob("*/bin"))), None)


def _mounts() -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        yield f"{fields[4]} {fields[fields.index('-') + 1]}"


def _cgroups(hierarchies: list[Path], ours: set[int]) -> Iterator[Path]:
    """A group with somebody else in it is not of the cluster: a host makes one for each session of a person, too."""
    for hierarchy in hierarchies:
        for path in below(hierarchy):
            if path.is_dir() and not _inhabitants(path) - ours:
                yield path


def _inhabitants(group: Path) -> set[int]:
    try:
        return {int(pid) for pid in (group / "cgroup.procs").read_text().split()}
    except OSError:  # gone since it was listed, or of a kind that has none
        return set()


def _sysctls(root: Path) -> Iterator[tuple[str, str]]:
    for path in below(root):
        name = str(path.relative_to(root))
        if any(fnmatch.fnmatch(name, pattern) for pattern in VOLATILE_SYSCTLS):
            continue
        try:
            if path.is_file():
                yield f"sysctl {name}", path.read_text(errors="replace").strip()
        except OSError:  # some are only written, some only exist with a device
            continue


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _files(root: Path, hashed: bool) -> Iterator[tuple[str, str]]:
    for path in below(root):
        if str(path).startswith(LIVING):
            continue
        try:
            status = path.lstat()
            regular = stat.S_ISREG(status.st_mode)
            content = f"{status.st_size} bytes {_sha256(path)}" if hashed and regular else ""
            yield f"path {path}", f"{stat.filemode(status.st_mode)} {content}".strip()
        except OSError:  # gone since it was listed
            continue
