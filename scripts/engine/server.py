"""A process that has a program's libraries loaded and forks itself for each run of a stack.

Loading a cloud's SDK takes four fifths of the processor time of a graph (aws-prod: 5.9 of 7.2 s), and every stack of a
cloud wants the same modules. multiprocessing's own fork server does not do: it imports the caller's main module, and
with it our `aigc`, where a program of another commit must find its own.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import shutil
import signal
import socket
import socketserver
import sys
from pathlib import Path

from scripts.engine.child import keep_bytecode_of_libraries, run_program


class Handler(socketserver.StreamRequestHandler):
    """One run, in a fork: the request to the end of what the client sends, the answer to the end of what it gets."""

    def handle(self) -> None:
        """Answer with a graph or with what went wrong; without an answer the log tells why."""
        request = json.load(self.rfile)
        signal.alarm(request["limit_seconds"])
        with Path(request["log"]).open("w") as log:
            for standard in (sys.stdout, sys.stderr):
                standard.flush()
                os.dup2(log.fileno(), standard.fileno())
        os.environ.clear()
        os.environ.update(request["environment"])
        answer = run_program(request)
        self.wfile.write(json.dumps(answer).encode())
        self.wfile.flush()
        self.request.shutdown(socket.SHUT_RDWR)
        os._exit(0)  # the SDK may leave threads behind that would keep the process for seconds


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Forks for each connection, and ends when whoever started it has ended."""

    def __init__(self, listening: socket.socket, folder: Path) -> None:
        super().__init__("", Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self._parent, self._folder = os.getppid(), folder

    def service_actions(self) -> None:
        """Called twice a second."""
        super().service_actions()
        if os.getppid() != self._parent:
            shutil.rmtree(self._folder, ignore_errors=True)
            os._exit(0)


def load(statements: list[str]) -> None:
    """Carry out a program's own import statements: modules load lazily, and not each way of loading all is the same."""
    for statement in statements:
        # What is wrong with it the program says itself, with the line where it stands.
        with contextlib.suppress(Exception):
            exec(statement, {})  # noqa: S102 - the program, which is run next, holds it


def main() -> None:
    """Serve on a socket that is open already: its descriptor is the first argument; the other is where it lies."""
    gc.disable()  # a sixth of the time that a cloud's SDK takes to load, for memory that is given back in seconds
    start = json.load(sys.stdin)
    sys.path[:] = [entry for entry in sys.path if entry not in ("", start["engine_root"])]
    keep_bytecode_of_libraries()
    load(start["imports"])
    gc.freeze()
    Server(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2])).serve_forever()


if __name__ == "__main__":
    main()
