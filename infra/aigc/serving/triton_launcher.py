"""The first process of Triton's container: starts it, and has it started anew when it can no longer answer.

Its text is the container's command, so it needs Python alone. Two things are wrong with a bare Triton there:

* its Python backend leaves shared memory regions behind when it is killed, over which the next start in the same pod
  would trip: they are removed, and the prefix of the names is new each time;
* when a Python model's own process is killed (the kernel does, for memory) Triton goes on saying that it lives and is
  ready, also of that model, and answers every request that meets it with an error, for ever (seen with 2.5x): the
  container ends then, and the kubelet starts it again.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import sys
import uuid
from pathlib import Path

STUB = b"triton_python_backend_stub"
LOOK_SECONDS = 1.0
SIGNALS = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
SIGNAL_BASE = 128
"""A process that a signal ended has this plus the signal's number as its exit code."""


def stubs() -> set[str]:
    """Processes of Python models in this container; one that has ended has no command line any more."""
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if (entry / "cmdline").read_bytes().split(b"\0")[0].endswith(STUB):
                found.add(entry.name)
    return found


def is_ready(port: int) -> bool:
    """Whether every model is loaded: while they are, processes come and go."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LOOK_SECONDS)
        connection.request("GET", "/v2/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def exit_code(server: int) -> int | None:
    """How the server ended, None while it runs; takes in whatever else ended, as the first process must."""
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 1
        if process == 0:
            return None
        if process == server:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else SIGNAL_BASE - code


def run(command: list[str], port: int) -> int:
    """Run the server to its end; its exit code."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    server = os.posix_spawnp(command[0], command, os.environ, setsigmask=[])
    ending = False
    watched: set[str] = set()
    while (code := exit_code(server)) is None:
        told = signal.sigtimedwait(SIGNALS, LOOK_SECONDS)
        if told is not None and told.si_signo != signal.SIGCHLD:
            ending = True
            os.kill(server, signal.SIGTERM)
        elif ending:
            continue
        elif not watched:
            watched = stubs() if is_ready(port) else set()
        elif not watched <= stubs():
            sys.stderr.write("a Python model's process was killed: Triton would answer with errors for ever\n")
            sys.stderr.flush()
            os.kill(server, signal.SIGKILL)
            ending = True
    return code


if __name__ == "__main__":
    for region in Path("/dev/shm").iterdir():  # noqa: S108 a volume of the pod's own
        region.unlink()
    prefix = "--backend-config=python,shm-region-prefix-name=triton-" + uuid.uuid4().hex[:12]
    ports = [part.partition("=")[2] for part in sys.argv if part.startswith("--http-port=")]
    sys.exit(run([*sys.argv[1:], prefix], int(ports[0])))
