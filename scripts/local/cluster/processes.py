"""Find and end our own processes, and only them: by the mark in their environment or by the image they run from.

Names are never used: the host may run a kubelet or containerd of its own.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.local.cluster.layout import OWNER_VARIABLE, Layout

PROC = Path("/proc")
TERM_SECONDS = 10.0
KILL_SECONDS = 5.0


@dataclass(frozen=True)
class Process:
    """A process of ours."""

    pid: int
    name: str
    is_shim: bool
    """Keeps containers of pods: survives a restart of the host processes, on purpose."""


def owned(layout: Layout, proc: Path = PROC) -> list[Process]:
    """Host processes (the supervisor, its children, containerd's shims) that carry our mark."""
    mark = f"{OWNER_VARIABLE}={layout.root}".encode()
    found = []
    for pid in _pids(proc):
        environment = _bytes(proc / str(pid) / "environ")
        if mark in environment.split(b"\0") and not _is_zombie(proc, pid):
            arguments = _bytes(proc / str(pid) / "cmdline").split(b"\0")
            name = Path(arguments[0].decode(errors="replace")).name
            found.append(Process(pid, name, name.startswith("containerd-shim")))
    return found


def owned_pids(proc: Path = PROC) -> frozenset[int]:
    """The same for the real state folder, as bare pids."""
    return frozenset(process.pid for process in owned(Layout(), proc))


def contained(layout: Layout, proc: Path = PROC) -> list[int]:
    """Processes inside pods: their root filesystem is a snapshot (or their cgroup a group) of ours."""
    roots = (f"upperdir={layout.containerd_root}/", f"{layout.containerd_state}/")
    found = []
    for pid in _pids(proc):
        for line in _bytes(proc / str(pid) / "mountinfo").decode(errors="replace").splitlines():
            fields = line.split()
            if len(fields) > 4 and fields[4] == "/":
                if any(root in line for root in roots):
                    found.append(pid)
                break
    return found


def end(pids: Iterable[int], first: signal.Signals = signal.SIGTERM, wait_seconds: float = TERM_SECONDS) -> list[int]:
    """Ask processes to end, then make them; returns those that still live, which only a kernel wait can cause."""
    living = _signal(pids, first)
    if first is not signal.SIGKILL and (living := _wait_gone(living, wait_seconds)):
        living = _signal(living, signal.SIGKILL)
    return _wait_gone(living, KILL_SECONDS)


def alive(pid: int) -> bool:
    """Whether a process still runs; one that only waits for its parent to collect it does not."""
    return (PROC / str(pid)).exists() and not _is_zombie(PROC, pid)


def _signal(pids: Iterable[int], number: signal.Signals) -> list[int]:
    living = []
    for pid in pids:
        try:
            os.kill(pid, number)
            living.append(pid)
        except ProcessLookupError:
            continue
    return living


def _wait_gone(pids: list[int], seconds: float) -> list[int]:
    deadline = time.monotonic() + seconds
    living = [pid for pid in pids if alive(pid)]
    while living and time.monotonic() < deadline:
        time.sleep(0.05)
        living = [pid for pid in living if alive(pid)]
    return living


def _pids(proc: Path) -> list[int]:
    own = os.getpid()
    return [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit() and int(entry.name) != own]


def _is_zombie(proc: Path, pid: int) -> bool:
    status = _bytes(proc / str(pid) / "stat")
    return status.rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
