"""Memory pressure: a container's control group gets less memory than it uses, so that its pages go to swap and back.

A container that only uses up its limit would be killed, for a model's memory is anonymous and there is no swap. So
swap is made for the time being, in memory (zram): a page that is read back costs microseconds and no disk of the host.
"""

from __future__ import annotations

import errno
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.local.cluster import cgroups

ZRAM_CONTROL = Path("/sys/class/zram-control")
SWAP_BYTES = 512 * 2**20
KEPT_SHARE = 0.3
"""Of the container's memory. Less than what one request touches, so that every request reads pages back."""
RECLAIM_SECONDS = 30
STEPS = 8
"""The kernel gives up after some tries when it must take back much at once."""


@contextmanager
def memory_pressure(pod: Any, container: str = "triton", kept_share: float = KEPT_SHARE) -> Iterator[None]:
    """Leave a container this share of the memory that it uses."""
    group = container_group(pod, container)
    on_v2 = (group / "memory.high").exists()
    limit = group / ("memory.high" if on_v2 else "memory.limit_in_bytes")
    used = int((group / ("memory.current" if on_v2 else "memory.usage_in_bytes")).read_text())
    with swap_in_memory(), restored(limit), restored(group / "memory.swap.max" if on_v2 else None):
        if on_v2:
            # The kubelet gives a container no swap there.
            (group / "memory.swap.max").write_text("max")
        lower(limit, used, int(used * kept_share))
        yield


def container_group(pod: Any, container: str) -> Path:
    """The control group of a container that limits its memory: on cgroup v1 it is in several hierarchies."""
    statuses = [*(pod.status.container_statuses or []), *(pod.status.init_container_statuses or [])]
    identity = next(one.container_id for one in statuses if one.name == container).rpartition("/")[2]
    limits = ("memory.high", "memory.limit_in_bytes")
    mine = [group for group in cgroups.groups() if identity in group.name]
    found = [group for group in mine if any((group / limit).exists() for limit in limits)]
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
