"""Memory pressure: the memory of a container is wanted elsewhere, so that its pages go to a slow swap and back.

Its limit is lowered, and the kernel is made to take back what it can, again and again, as it does by itself where
others want memory. A limit alone is no use: down to the few pages that each request touches nothing happens at all, and
below them the kernel kills. Nor is a greedy process beside the model: whether the kernel then takes the model's pages
differs from one machine to another.

Without swap the container would be killed, for a model's memory is anonymous. So swap is made for the time being, in
memory (zram), and for the container as slow as a busy disk: the time of a request is then the number of its pages
times that of a read, whatever the machine.
"""

from __future__ import annotations

import errno
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from scripts.local.cluster import cgroups

ZRAM_CONTROL = Path("/sys/class/zram-control")
SWAP_BYTES = 512 * 2**20
READS_PER_SECOND = 3000
"""Of the swap: what is taken from the small model and asked for again, 3,500 pages, is back after 1.2 s."""
KEPT_SHARE = 0.4
"""Of the memory that the container used."""
TAKEN_EVERY_SECONDS = 4.0
"""Long enough for all of it to come back: at 0.5 s no request ever ended."""
THROTTLE = "blkio.throttle.read_iops_device"
MEMORY_LIMITS = ("memory.high", "memory.limit_in_bytes")
RECLAIM_SECONDS = 30
STEPS = 8
"""The kernel gives up after some tries when it must take back much at once."""


@contextmanager
def memory_pressure(pod: Any, container: str = "triton", kept_share: float = KEPT_SHARE) -> Iterator[None]:
    """Leave a container this share of the memory that it uses, and take that from it again and again."""
    group = container_group(pod, container)
    on_v2 = (group / "memory.high").exists()
    limit = group / ("memory.high" if on_v2 else "memory.limit_in_bytes")
    used = int((group / ("memory.current" if on_v2 else "memory.usage_in_bytes")).read_text())
    with ExitStack() as stack:
        device = stack.enter_context(swap_in_memory())
        stack.enter_context(restored(limit))
        if on_v2:
            # The kubelet gives a container no swap there.
            stack.enter_context(restored(swap := group / "memory.swap.max"))
            swap.write_text("max")
        for one in container_groups(pod, container, (THROTTLE, "io.max")):
            stack.enter_context(slow_reads(one, device))
        lower(limit, used, int(used * kept_share))
        taken = (group / "memory.reclaim", str(used)) if on_v2 else (group / "memory.force_empty", "1")
        stack.enter_context(taken_again_and_again(*taken))
        yield


@contextmanager
def taken_again_and_again(file: Path, written: str) -> Iterator[None]:
    """Have the kernel take back what it can of a control group, by what is written to one of its files."""
    over = threading.Event()

    def take() -> None:
        while not over.wait(TAKEN_EVERY_SECONDS):
            # The kernel says by an error that there was not so much to take.
            with suppress(OSError):
                file.write_text(written)

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def slow_reads(group: Path, device: Path) -> Iterator[None]:
    """Reads from a device by the processes of a control group are no more than a busy disk would do."""
    number = device.stat().st_rdev
    name = f"{os.major(number)}:{os.minor(number)}"
    on_v2 = (group / "io.max").exists()
    file, faster = (group / "io.max", f"{name} riops=max") if on_v2 else (group / THROTTLE, f"{name} 0")
    file.write_text(f"{name} riops={READS_PER_SECOND}" if on_v2 else f"{name} {READS_PER_SECOND}")
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            file.write_text(faster)


def container_group(pod: Any, container: str) -> Path:
    """The control group of a container that limits its memory."""
    (found,) = container_groups(pod, container, MEMORY_LIMITS)
    return found


def container_groups(pod: Any, container: str, files: Sequence[str]) -> list[Path]:
    """The control groups of a container that have one of these files: on cgroup v1 it is in several hierarchies."""
    statuses = [*(pod.status.container_statuses or []), *(pod.status.init_container_statuses or [])]
    identity = next(one.container_id for one in statuses if one.name == container).rpartition("/")[2]
    mine = [group for group in cgroups.groups() if identity in group.name]
    return [group for group in mine if any((group / file).exists() for file in files)]


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
def swap_in_memory() -> Iterator[Path]:
    """A compressed swap device of our own, taken away again with all that is in it brought back."""
    number = (ZRAM_CONTROL / "hot_add").read_text().strip()
    device = Path(f"/dev/zram{number}")
    try:
        Path(f"/sys/block/zram{number}/disksize").write_text(str(SWAP_BYTES))
        subprocess.run(["mkswap", device], check=True, capture_output=True)
        subprocess.run(["swapon", device], check=True, capture_output=True)
        try:
            yield device
        finally:
            subprocess.run(["swapoff", device], check=True, capture_output=True)
    finally:
        (ZRAM_CONTROL / "hot_remove").write_text(number)
