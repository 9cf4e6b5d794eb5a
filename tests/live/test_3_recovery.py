"""`kill -9` of what holds the platform up is followed by recovery without a person."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from aigc.catalog.cache import STATE_DIR
from scripts.local.workloads import Workloads
from scripts.model.client import Generation
from tests.live.conftest import eventually, scripts_json

pytestmark = pytest.mark.live

RECOVERY_SECONDS = 150
HOST_PROCESSES = ("kube-apiserver", "etcd", "containerd")
POD_PROCESSES = ("envoy", "tritonserver")


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def own_processes(name: str) -> list[int]:
    """Processes of that program that our state folder accounts for, by their own or an ancestor's command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or os.path.basename(command_line(int(entry.name)).split(" ", 1)[0]) != name:  # noqa: PTH119
            continue
        pid = ancestor = int(entry.name)
        while ancestor > 1 and str(STATE_DIR) not in command_line(ancestor):
            ancestor = parent(ancestor)
        if ancestor > 1:
            found.append(pid)
    return found


@pytest.mark.parametrize("name", [*HOST_PROCESSES, *POD_PROCESSES])
def test_it_heals_itself(name: str, workloads: Workloads, ask: Callable[..., Generation]) -> None:
    before = ask("The package ").text
    victims = own_processes(name)
    assert victims, f"no process {name} of ours is running"
    for pid in victims:
        os.kill(pid, signal.SIGKILL)

    def serves_again() -> bool:
        return bool(set(own_processes(name)) - set(victims)) and ask("The package ").text == before

    eventually(serves_again, RECOVERY_SECONDS, f"an answer after kill -9 of {name}")
    eventually(
        lambda: not [w for w in scripts_json("status")["workloads"] if not w["ready"]],
        RECOVERY_SECONDS,
        f"all workloads ready after kill -9 of {name}",
    )
