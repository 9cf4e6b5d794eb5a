"""An incident is undone whatever happens in it."""

from __future__ import annotations

import errno
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.incidents import memory_pressure, slow_hop
from tests.incidents.memory_pressure import lower, restored, slow_reads, taken_again_and_again


def test_a_limit_is_back_after_a_failure(tmp_path: Path) -> None:
    limit = tmp_path / "memory.high"
    limit.write_text("max\n")
    with pytest.raises(KeyError), restored(limit):
        limit.write_text("1000")
        raise KeyError
    assert limit.read_text() == "max"


def test_a_group_that_went_with_its_container_is_no_fault(tmp_path: Path) -> None:
    limit = tmp_path / "memory.high"
    limit.write_text("max")
    with restored(limit):
        limit.unlink()
    assert not limit.exists()


class Busy:
    """A limit that the kernel refuses a few times."""

    def __init__(self, times: int, number: int = errno.EBUSY) -> None:
        self.times, self.number = times, number
        self.values: list[int] = []

    def write_text(self, value: str) -> None:
        if self.times > 0:
            self.times -= 1
            raise OSError(self.number, "busy")
        self.values.append(int(value))


def test_a_limit_goes_down_in_steps_and_again_when_the_kernel_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    limit: Any = Busy(3)
    lower(limit, 1000, 200)
    assert limit.values == sorted(limit.values, reverse=True) and limit.values[-1] == 200 and len(limit.values) > 3
    refusing: Any = Busy(1, errno.EINVAL)
    with pytest.raises(OSError, match="busy"):
        lower(refusing, 1000, 200)


def test_memory_is_taken_until_the_end_and_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_pressure, "TAKEN_EVERY_SECONDS", 0.01)
    asked = tmp_path / "memory.reclaim"
    with pytest.raises(KeyError), taken_again_and_again(asked, "4096"):
        deadline = time.monotonic() + 10
        while not asked.exists():
            assert time.monotonic() < deadline, "nothing was taken"
            time.sleep(0.01)
        raise KeyError
    assert asked.read_text() == "4096"
    asked.unlink()
    time.sleep(0.1)
    assert not asked.exists()


def test_reads_are_fast_again_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "io.max").touch()
    device = Path("/dev/null")
    with slow_reads(tmp_path, device):
        assert (tmp_path / "io.max").read_text() == "1:3 riops=3000"
    assert (tmp_path / "io.max").read_text() == "1:3 riops=max"


def test_a_link_is_wide_again_when_it_could_not_be_made_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []

    def run(*command: str) -> str:
        ran.append(command)
        if "filter" in command:
            raise subprocess.CalledProcessError(1, command)
        return ""

    monkeypatch.setattr(slow_hop, "run", run)
    monkeypatch.setattr(slow_hop, "host_link", lambda pod: "veth1")
    with pytest.raises(subprocess.CalledProcessError), slow_hop.narrow_link(None, ["10.217.0.9"]):
        pass
    assert ran[-1] == ("tc", "qdisc", "del", "dev", "veth1", "root")
