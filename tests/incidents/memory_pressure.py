"""Memory pressure: somebody in a container needs more memory than there is, so that pages go to swap and back.

A process joins the container's control group and touches page after page, as one that leaks and collects its garbage
does; the limit is lowered so that both do not fit. A lower limit alone is no use: down to the few pages that each
request touches nothing happens at all, and below them nothing goes on.

Without swap the container would be killed, for a model's memory is anonymous. So swap is made for the time being, in
memory (zram): a page that is read back costs microseconds and no disk of the host. If the kernel does kill for memory,
it takes the process that came, not the model.
"""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.local.cluster import cgroups

ZRAM_CONTROL = Path("/sys/class/zram-control")
SWAP_BYTES = 512 * 2**20
KEPT_SHARE = 0.34
"""Of the memory that the container used. At 0.4 the kernel still keeps what each request touches and takes the
neighbour's pages only; a request alone needs about a quarter, and below that nothing goes on."""
TOUCHED_SHARE = 1.0
"""Of the same: what the process beside it goes through, again and again."""
MEMORY_LIMITS = ("memory.high", "memory.limit_in_bytes")
FIRST_TO_KILL = 1000
"""The highest oom_score_adj."""
TOUCHES = """
import mmap, os, pathlib, sys
group, size, score = sys.argv[1:]
pathlib.Path("/proc/self/oom_score_adj").write_text(score)
pathlib.Path(group, "cgroup.procs").write_text(str(os.getpid()))
memory = mmap.mmap(-1, int(size), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
print("touching", flush=True)
while True:
    for at in range(0, int(size), mmap.PAGESIZE):
        memory[at] = 1
"""
RECLAIM_SECONDS = 30
STEPS = 8
"""The kernel gives up after some tries when it must take back much at once."""


@contextmanager
def memory_pressure(pod: Any, container: str = "triton", kept_share: float = KEPT_SHARE) -> Iterator[None]:
    """Leave a container this share of the memory that it uses, and a process beside it that wants as much."""
    group = container_group(pod, container)
    on_v2 = (group / "memory.high").exists()
    limit = group / ("memory.high" if on_v2 else "memory.limit_in_bytes")
    used = int((group / ("memory.current" if on_v2 else "memory.usage_in_bytes")).read_text())
    with swap_in_memory(), restored(limit), restored(group / "memory.swap.max" if on_v2 else None):
        if on_v2:
            # The kubelet gives a container no swap there.
            (group / "memory.swap.max").write_text("max")
        # First the limit: the kernel refuses one below what somebody keeps asking for.
        lower(limit, used, int(used * kept_share))
        with a_greedy_neighbour(group, int(used * TOUCHED_SHARE)):
            yield


@contextmanager
def a_greedy_neighbour(group: Path, size_bytes: int) -> Iterator[None]:
    """A process of a control group that goes through so much memory without end."""
    arguments = [str(group), str(size_bytes), str(FIRST_TO_KILL)]
    with subprocess.Popen([sys.executable, "-c", TOUCHES, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline().strip() == "touching"
            yield
        finally:
            process.kill()


def container_group(pod: Any, container: str) -> Path:
    """The control group of a container that limits its memory: on cgroup v1 it is in several hierarchies."""
    statuses = [*(pod.status.container_statuses or []), *(pod.status.init_container_statuses or [])]
    identity = next(one.container_id for one in statuses if one.name == container).rpartition("/")[2]
    mine = [group for group in cgroups.groups() if identity in group.name]
    found = [group for group in mine if any((group / limit).exists() for limit in MEMORY_LIMITS)]
    assert len(found) == 1, f"control groups of {container}: {found}"
    return found[0]


def lower(limit: Path, used: int, wanted: int) -> None:
    """Lower a limit step by step, each as often as the kernel needs for taking the pages back."""
    deadline = time.monotonic() + RECLAIM_SECONDS
    for step in range(1, STEPS + 1):
        value = str(used - (used - wanted) * step // STEPS)
        while True:
            try:
                limit.write_text(value)
                break
            except OSError as busy:
                if busy.errno != errno.EBUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


@contextmanager
def restored(file: Path | None) -> Iterator[None]:
    """Whatever happens to a file of a control group, it holds at the end what it held before."""
    before = file.read_text().strip() if file else ""
    try:
        yield
    finally:
        # With its container the group may be gone.
        if file and file.exists():
            file.write_text(before)


@contextmanager
def swap_in_memory() -> Iterator[None]:
    """A compressed swap device of our own, taken away again with all that is in it brought back."""
    number = (ZRAM_CONTROL / "hot_add").read_text().strip()
    device = Path(f"/dev/zram{number}")
    try:
        Path(f"/sys/block/zram{number}/disksize").write_text(str(SWAP_BYTES))
        subprocess.run(["mkswap", device], check=True, capture_output=True)
        subprocess.run(["swapon", device], check=True, capture_output=True)
        try:
            yield
        finally:
            subprocess.run(["swapoff", device], check=True, capture_output=True)
    finally:
        (ZRAM_CONTROL / "hot_remove").write_text(number)
