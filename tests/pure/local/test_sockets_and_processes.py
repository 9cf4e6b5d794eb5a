"""Who listens and which processes are ours, read from a /proc made for the test and from this very process."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.local.cluster import processes
from scripts.local.cluster.layout import OWNER_VARIABLE, Layout
from scripts.local.cluster.sockets import Listener, decode_address, listeners


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("0100D90A", "10.217.0.1"),
        ("00000000", "0.0.0.0"),  # noqa: S104
        ("00000000000000000000000000000000", "::"),
        ("00000000000000000000000001000000", "::1"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
    ],
)
def test_addresses_of_proc_net(text: str, address: str) -> None:
    assert decode_address(text) == address


def test_a_listening_socket_is_found_with_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (found,) = [x for x in listeners() if x.port == port and x.protocol == "tcp"]
    assert (found.address, found.pid) == ("127.0.0.1", os.getpid())
    assert not found.is_ours


@pytest.mark.parametrize(
    ("listening", "blocks"),
    [("10.217.0.1", True), ("0.0.0.0", True), ("::", True), ("127.0.0.53", False)],  # noqa: S104
)
def test_what_blocks_an_address(listening: str, blocks: bool) -> None:
    assert Listener("udp", listening, 53, 1, "x").blocks("10.217.0.1", 53) is blocks
    assert not Listener("udp", listening, 54, 1, "x").blocks("10.217.0.1", 53)


def test_only_marked_processes_are_ours_and_they_end(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "state")
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    ours = subprocess.Popen(sleep, env={**os.environ, OWNER_VARIABLE: str(layout.root)})
    other = subprocess.Popen(sleep, env={**os.environ, OWNER_VARIABLE: f"{layout.root}-other"})
    try:
        assert [process.pid for process in processes.owned(layout)] == [ours.pid]
        assert processes.end([ours.pid], wait_seconds=5) == []
        assert ours.wait(5) == -signal.SIGTERM
        assert processes.owned(layout) == []
        assert other.poll() is None
    finally:
        for process in (ours, other):
            process.kill()
            process.wait()


def test_a_process_that_ignores_the_request_is_made_to_end() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as stubborn:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        assert processes.end([stubborn.pid], wait_seconds=0.2) == []
        assert stubborn.wait(5) == -signal.SIGKILL


def test_shims_are_told_from_host_processes(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "state")
    proc = tmp_path / "proc"
    for pid, command in ((71, "/x/containerd-shim-runc-v2\0-id\0a\0"), (72, "/x/containerd\0--config\0c\0")):
        (proc / str(pid)).mkdir(parents=True)
        (proc / str(pid) / "environ").write_text(f"A=1\0{OWNER_VARIABLE}={layout.root}\0")
        (proc / str(pid) / "cmdline").write_text(command)
        (proc / str(pid) / "stat").write_text(f"{pid} (x) S 1")
    found = {process.pid: process.is_shim for process in processes.owned(layout, proc)}
    assert found == {71: True, 72: False}
