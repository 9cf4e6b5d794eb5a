"""What the keeper tells Prometheus: every host process from the first moment on, and nothing that ends the keeper."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.local.cluster import exit_metrics
from scripts.local.cluster.components import components
from scripts.local.cluster.layout import LOOPBACK, Layout, Port
from scripts.local.cluster.status import STARTED_AGAIN
from tests.pure.local.test_status import LOG

ANSWER_SECONDS = 10.0
END_SECONDS = 10.0
"""Half a second, and the start of a Python on a busy machine."""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "state")
    layout.logs.mkdir(parents=True)
    return layout


@pytest.fixture
def port() -> Port:
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        return Port(LOOPBACK, int(free.getsockname()[1]), "test")


def ask(port: Port, path: str = "/metrics") -> str:
    with urllib.request.urlopen(f"http://{port.address}:{port.number}{path}", timeout=ANSWER_SECONDS) as answer:
        return str(answer.read().decode())


def answered(question: Callable[[], str]) -> str:
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            return question()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_every_process_is_there_before_it_ever_ended(layout: Layout) -> None:
    found = exit_metrics.exits_so_far(layout)
    assert set(found) == {"supervisord", *(component.name for component in components(layout, Path("/")))}
    assert set(found.values()) == {0}


def test_an_end_counts_under_every_supervisor_and_the_supervisors_own_too(layout: Layout) -> None:
    (layout.logs / "supervisord.log").write_text(LOG)
    (layout.logs / "keeper.log").write_text(f"2026-01-01T00:00:00+00:00 {STARTED_AGAIN}\n2026 not yet: locked\n")
    found = exit_metrics.exits_so_far(layout)
    assert (found["etcd"], found["kube-apiserver"], found["supervisord"], found["kubelet"]) == (3, 1, 1, 0)


def test_no_count_falls_while_the_log_grows(layout: Layout) -> None:
    log = layout.logs / "supervisord.log"
    log.write_text(LOG)
    before = exit_metrics.exits_so_far(layout)
    with log.open("a") as stream:
        stream.writelines(f"2026-01-02 00:00:05,000 INFO spawned: 'kubelet' with pid {pid}\n" for pid in range(20_000))
    assert exit_metrics.exits_so_far(layout) == before


def test_who_asks_gets_prometheus_text_and_who_asks_for_more_nothing(layout: Layout, port: Port) -> None:
    (layout.logs / "supervisord.log").write_text(LOG)
    exit_metrics.serve_beside(layout, port)
    lines = answered(lambda: ask(port)).splitlines()
    assert 'aigc_host_process_exits_total{process="etcd"} 3' in lines
    assert "# TYPE aigc_host_process_exits_total counter" in lines
    with pytest.raises(OSError, match="404"):
        ask(port, "/logs")


def test_it_serves_as_soon_as_whoever_has_the_port_is_gone(layout: Layout, port: Port) -> None:
    with socket.create_server((port.address, port.number)):
        exit_metrics.serve_beside(layout, port)
        time.sleep(0.2)
    assert "exits_total" in answered(lambda: ask(port))


def test_one_who_asks_nothing_does_not_keep_others_waiting(
    layout: Layout, port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exit_metrics, "ASKER_SECONDS", 0.3)
    exit_metrics.serve_beside(layout, port)
    answered(lambda: ask(port))
    with socket.create_connection((port.address, port.number)):
        assert "exits_total" in ask(port)


def test_a_keeper_that_cannot_have_the_port_ends_as_it_is_told(layout: Layout) -> None:
    # Under the cluster of this machine the port is taken; without one, its address is not there.
    code = "import sys; from pathlib import Path; from scripts.local.cluster import keeper; print('up', flush=True); "
    code += "keeper.keep(keeper.Layout(Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(layout.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | PYTHON) as keeper:
        assert keeper.stdout is not None and keeper.stdout.readline() == "up\n"
        time.sleep(1.2)  # longer than a look and a try to listen
        assert keeper.poll() is None, "it ended by itself"
        keeper.send_signal(signal.SIGTERM)
        assert keeper.wait(END_SECONDS) == 0


PYTHON = {"PYTHONPATH": os.pathsep.join(sys.path)}
