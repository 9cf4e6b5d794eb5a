"""Memory pressure: somebody in a container needs more memory than there is, so that pages go to swap and back.

A process joins the container's control group and touches page after page, as one that leaks and collects its garbage
does; the limit is lowered so that both do not fit. A lower limit alone is no use: down to the few pages that each
request touches nothing happens at all, and below them nothing goes on. Where that edge lies is the kernel's affair (at
0.34 of its memory one machine served a tenth of the requests, another all of them at their usual pace), so the limit
follows what is served until the model is slow.

Without swap the container would be killed, for a model's memory is anonymous. So swap is made for the time being, in
memory (zram): a page that is read back costs microseconds and no disk of the host. If the kernel does kill for memory,
it takes the process that came, not the model.
"""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.local.cluster import cgroups

ZRAM_CONTROL = Path("/sys/class/zram-control")
SWAP_BYTES = 512 * 2**20
FIRST_SHARE = 0.4
"""Of the memory that the container used. Here the kernel still keeps what each request touches and takes the
neighbour's pages only; a request alone needs about a quarter."""
SHARE_STEP = 0.02
SECONDS_OF_A_STEP = 1.5
SLOW_SHARE = 0.25
"""Of the requests that it usually serves in a second."""
STANDING_STILL_SECONDS = 5
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


@dataclass(frozen=True)
class Service:
    """How a model is doing under its load."""

    served: Callable[[], float | None]
    """Requests that it has served so far; None when it does not say."""
    usual_per_second: float


@contextmanager
def memory_pressure(pod: Any, service: Service, container: str = "triton") -> Iterator[None]:
    """Leave a container so little of the memory that it uses that it is slow, beside a process that wants as much."""
    group = container_group(pod, container)
    on_v2 = (group / "memory.high").exists()
    limit = group / ("memory.high" if on_v2 else "memory.limit_in_bytes")
    used = int((group / ("memory.current" if on_v2 else "memory.usage_in_bytes")).read_text())
    with swap_in_memory(), restored(limit), restored(group / "memory.swap.max" if on_v2 else None):
        if on_v2:
            # The kubelet gives a container no swap there.
            (group / "memory.swap.max").write_text("max")
        # First the limit: the kernel refuses one below what somebody keeps asking for.
        lower(limit, used, int(used * FIRST_SHARE))
        with a_greedy_neighbour(group, int(used * TOUCHED_SHARE)), kept_slow(limit, used, service):
            yield


@contextmanager
def kept_slow(limit: Path, used: int, service: Service) -> Iterator[None]:
    """Move a limit, from its first share on, so that the model goes on and is slow."""
    over = threading.Event()
    thread = threading.Thread(target=_keep_slow, args=(limit, used, service, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _keep_slow(limit: Path, used: int, service: Service, over: threading.Event) -> None:
    share, before, began = FIRST_SHARE, service.served(), False
    last_served = since = time.monotonic()
    while not over.wait(SECONDS_OF_A_STEP):
        served, now = service.served(), time.monotonic()
        if served is None or before is None:
            before, since = served, now
            continue
        if served > before:
            began, last_served = True, now
        per_second, before, since = (served - before) / (now - since), served, now
        if began and per_second > service.usual_per_second * SLOW_SHARE:
            share -= SHARE_STEP
        elif began and now - last_served > STANDING_STILL_SECONDS:
            share += SHARE_STEP
        else:
            continue
        try:
            limit.write_text(str(int(used * share)))
        except OSError as busy:
            if busy.errno != errno.EBUSY:
                raise


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
