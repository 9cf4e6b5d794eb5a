"""Mounts under our folder: volumes and roots of pods, network namespaces; all of them end with `down`."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

MNT_DETACH = 2


def under(root: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> list[Path]:
    """Mount points below a folder, last mounted first."""
    found = []
    for line in mountinfo.read_text().splitlines():
        # The kernel writes space, tab, newline and backslash as octal escapes.
        point = Path(line.split()[4].encode().decode("unicode_escape"))
        if root in point.parents:
            found.append(point)
    return found[::-1]


def unmount_all(root: Path) -> None:
    """Detach every mount below a folder; a busy one goes when its last user does.

    Twice over, because a mount may hide another on the same point.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for _ in range(2):
        for point in under(root):
            if libc.umount2(os.fsencode(point), MNT_DETACH) != 0:
                continue
