"""An incident is undone whatever happens in it."""

from __future__ import annotations

import errno
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.incidents import slow_hop
from tests.incidents.memory_pressure import a_greedy_neighbour, lower, restored


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


def test_the_neighbour_joins_the_group_and_is_gone_at_the_end(tmp_path: Path) -> None:
    with pytest.raises(KeyError), a_greedy_neighbour(tmp_path, 1 << 20):
        pid = int((tmp_path / "cgroup.procs").read_text())
        assert Path(f"/proc/{pid}").exists()
        assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "1000"
        raise KeyError
    assert not Path(f"/proc/{pid}").exists()


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
