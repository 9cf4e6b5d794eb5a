"""How often each host process ended by itself, over HTTP in Prometheus' text format, for an alert that names it.

Counted afresh out of the logs whenever somebody asks: nothing is kept, so a killed keeper forgets nothing. The whole of
a log is read, not its last lines: a count that fell because old lines left it would look like a counter that was set
back, and its alert would fire. Only when a log is rotated (5 MB) does it begin again at 0.
"""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer

from aigc.observability.metric_names import HOST_PROCESS_EXITS, HOST_PROCESS_LABEL
from scripts.local.cluster import layout as at
from scripts.local.cluster.components import component_names
from scripts.local.cluster.layout import KEEPER, Layout, Port
from scripts.local.cluster.status import STARTED_AGAIN, SUPERVISOR, ended_in, tail
from scripts.local.cluster.supervisor import log_file

PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ASKER_SECONDS = 5.0
"""One asker at a time; who says nothing for so long is cut off."""
RETRY_SECONDS = 1.0
"""The keeper before this one, which may still hold the port, ends within about as long."""


def exits_so_far(layout: Layout) -> dict[str, int]:
    """By process, since the cluster came up; 0 for those that never ended, so that the first end is an increase."""
    counts = dict.fromkeys((SUPERVISOR, *component_names(layout)), 0)
    for line in tail(layout.logs / "supervisord.log", None):
        if name := ended_in(line):
            counts[name] = counts.get(name, 0) + 1
    counts[SUPERVISOR] += sum(line.endswith(STARTED_AGAIN) for line in tail(log_file(layout, KEEPER), None))
    return counts


def text(counts: dict[str, int]) -> str:
    """As Prometheus reads it."""
    lines = [
        f"# HELP {HOST_PROCESS_EXITS} How often a host process of the local cluster ended by itself.",
        f"# TYPE {HOST_PROCESS_EXITS} counter",
        *(f'{HOST_PROCESS_EXITS}{{{HOST_PROCESS_LABEL}="{name}"}} {count}' for name, count in counts.items()),
    ]
    return "\n".join(lines) + "\n"


def serve_beside(layout: Layout, port: Port = at.EXITS_PORT) -> None:
    """Serve in a thread that ends with this process and can never end it."""
    threading.Thread(target=_serve, args=(layout, port), name=PATH, daemon=True).start()


class _Server(TCPServer):
    """Not `HTTPServer`, which asks the host's DNS for a name of its own address, and may wait for it."""

    allow_reuse_address = True


def _serve(layout: Layout, port: Port) -> None:
    class Handler(BaseHTTPRequestHandler):
        timeout = ASKER_SECONDS

        def do_GET(self) -> None:
            if self.path != PATH:
                self.send_error(404)
                return
            body = text(exits_so_far(layout)).encode()
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A line each 10 s would push out what the keeper's log is for."""

    while True:
        try:
            with _Server((port.address, port.number), Handler) as server:
                server.serve_forever()
        except OSError:
            # Somebody has the port, or its address is not there: without an answer, ScrapeTargetDown tells.
            time.sleep(RETRY_SECONDS)
