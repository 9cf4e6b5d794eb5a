"""The launcher with a Triton that a script plays: it ends with it, and ends it when a model's process is gone."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aigc.plan.stack_plan import ServingMode
from tests.live_envoy.rig import free_port
from tests.pure.program.plans import endpoint_plan
from tests.pure.program.test_endpoint_pods import triton_of

REAL_STUB = "triton_python_backend_stub"
SERVER = """\
#!{python}
import http.server, signal, subprocess, sys
stubs = [subprocess.Popen(["{stub}", "60"]) for _ in range(2)]
def end(*_):
    for stub in stubs:
        stub.kill()
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
port = next(part.partition("=")[2] for part in sys.argv if part.startswith("--http-port="))
http.server.HTTPServer(("127.0.0.1", int(port)), Ready).serve_forever()
"""


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    # By a name of its own: the launcher looks at all of /proc, which on this machine also shows the cluster's models.
    name = f"stub-{uuid.uuid4().hex}"
    stub, server, memory = tmp_path / name, tmp_path / "tritonserver", tmp_path / "shm"
    sleep = shutil.which("sleep")
    assert sleep is not None
    stub.symlink_to(sleep)
    memory.mkdir()
    server.write_text(SERVER.format(python=sys.executable, stub=stub))
    server.chmod(0o755)
    text = triton_of(endpoint_plan("gpt", ServingMode.KNATIVE))["command"][2]
    assert REAL_STUB in text
    script = text.replace("/dev/shm", str(memory)).replace(REAL_STUB, name)  # noqa: S108 the folder that is replaced
    command = [sys.executable, "-c", script, str(server), f"--http-port={free_port()}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        yield process
        with contextlib.suppress(ProcessLookupError):  # all of it has ended
            os.killpg(process.pid, signal.SIGKILL)


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(child) for child in found]


def until(question: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not question():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def models(launched: subprocess.Popen[str]) -> list[int]:
    """The processes of the models, once the launcher has had time to see that the server is ready."""
    until(lambda: bool(children(launched.pid)) and len(children(children(launched.pid)[0])) == 2, "the server starts")
    time.sleep(3)
    assert launched.poll() is None
    return children(children(launched.pid)[0])


def test_it_ends_the_server_when_a_models_process_is_killed(launched: subprocess.Popen[str]) -> None:
    os.kill(models(launched)[1], signal.SIGKILL)
    assert launched.wait(timeout=10) == 128 + signal.SIGKILL
    # A line and not all: the other model still holds this pipe, as nothing here ends it.
    assert launched.stderr is not None and "errors for ever" in launched.stderr.readline()


def test_it_passes_the_end_on_and_gives_the_servers_own_exit_code(launched: subprocess.Popen[str]) -> None:
    models(launched)
    launched.send_signal(signal.SIGTERM)
    assert launched.wait(timeout=10) == 7, "models that end with the server are no reason to kill it"


def test_a_server_that_is_killed_ends_it(launched: subprocess.Popen[str]) -> None:
    models(launched)
    os.kill(children(launched.pid)[0], signal.SIGKILL)
    assert launched.wait(timeout=10) == 128 + signal.SIGKILL
