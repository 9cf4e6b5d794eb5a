"""Whether etcd's data can be trusted after a stop: it does not sync, so a loss of power takes its last writes away.

A killed process loses nothing, for what it wrote is in the kernel's hands; a host that stops without a shutdown does,
mostly without etcd noticing: an older state is a valid one. So data is trusted only with a reason to.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scripts.local.cluster.layout import Layout

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
CONSEQUENCE = "the cluster starts empty, `up` puts its objects back"


@dataclass(frozen=True)
class Evidence:
    """What tells how the last stop was."""

    has_data: bool
    """There is data of etcd at all."""
    last_boot: str
    """Boot of the host in which the cluster ran last; empty when it never did."""
    boot: str
    """This one."""
    synced_boot: str
    """Boot at whose end etcd had stopped and all was on disk; empty when nobody noted that."""


def boot_id() -> str:
    """Which boot of the host this is."""
    return BOOT_ID.read_text().strip()


def distrust(evidence: Evidence) -> str:
    """Why the data must not be used, in words; empty when it may."""
    same_boot = evidence.last_boot in ("", evidence.boot)
    if not evidence.has_data or same_boot or evidence.synced_boot == evidence.last_boot:
        return ""
    return (
        "the host stopped without a shutdown (power loss, reset, crash) while the cluster ran; etcd does not sync, so "
        "its last writes may be missing"
    )


def gone_back(noted_mark: str, found_mark: str) -> str:
    """Why data with that mark must not be used when the last `up` left another; empty when it may.

    A mark and not etcd's revision: the API server writes as soon as it runs, and an older copy would have caught up.
    """
    if noted_mark in ("", found_mark):
        return ""
    return "etcd's data is an older copy (what the last `up` wrote at its end is not in it): writes were lost"


def evidence(layout: Layout, last_boot: str, boot: str) -> Evidence:
    """Read what there is."""
    has_data = layout.etcd.is_dir() and any(layout.etcd.iterdir())
    try:
        synced = layout.synced.read_text().strip()
    except OSError:
        synced = ""
    return Evidence(has_data, last_boot, boot, synced)


def note_synced(layout: Layout, boot: str) -> None:
    """Bring everything to the disk, and then note there that it is; etcd must have ended."""
    os.sync()
    layout.synced.write_text(boot)
    to_disk(layout.synced)


def forget_synced(layout: Layout) -> None:
    """Take the note away before etcd writes again, for good: after a loss of power it must not be back."""
    if layout.synced.exists():
        layout.synced.unlink()
        _sync(layout.root)


def to_disk(path: Path) -> None:
    """Have a file and its name on the disk."""
    _sync(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
