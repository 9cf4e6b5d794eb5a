"""The controller's HTTP port: probes for the kubelet, and for other replicas what this gateway has loaded.

Why the second: with several replicas an Ingress is Ready when all of them route by it, not when the first does.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# 90 s: three missed passes of the loop (30 s each at rest); a pass itself waits for Envoy for at most 10 s a step.
STUCK_SECONDS = 90.0


@dataclass
class Health:
    """State shared by the loop (writes) and the HTTP threads (read); each field is replaced, never changed in place."""

    ready: bool = False
    heartbeat: float = field(default_factory=time.monotonic)
    applied: dict[str, str] = field(default_factory=dict)

    def alive(self) -> bool:
        """Whether the loop has come round lately."""
        return time.monotonic() - self.heartbeat < STUCK_SECONDS


def serve(health: Health, address: str, port: int) -> ThreadingHTTPServer:
    """Answer /healthz, /livez and /applied in background threads."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state = {"/healthz": health.ready, "/livez": health.alive(), "/applied": True}.get(self.path)
            body = json.dumps(health.applied if self.path == "/applied" else {"ok": bool(state)}).encode()
            self.send_response(404 if state is None else 200 if state else 503)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes every few seconds would drown the log."""

    server = ThreadingHTTPServer((address, port), Handler)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
