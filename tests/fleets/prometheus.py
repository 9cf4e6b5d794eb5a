"""What KEDA asks Prometheus: the queries of the rendered ScaledObjects, answered with the load of a scene."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aigc.catalog.labels import PROMETHEUS_URL
from scripts.local.cluster import layout as at

Body = dict[str, Any]

_URL = urlsplit(PROMETHEUS_URL)
HOST = _URL.hostname or ""
_QUERY_PATH = "/api/v1/query"


class Prometheus:
    """Answers for as long as this process lives."""

    def __init__(self, queries: Iterable[str]) -> None:
        self._queries = frozenset(queries)
        self._requests: float | None = 0.0

    def tell(self, requests: float | None) -> None:
        """So many requests are in every endpoint's Triton from now on; None: of none of them is anything known."""
        self._requests = requests

    def answer(self, path: str) -> Body | None:
        """To a request for this path, in the form of Prometheus' HTTP API; None: it has no such path."""
        asked = urlsplit(path)
        if asked.path != _QUERY_PATH:
            return None
        (query,) = parse_qs(asked.query).get("query", [""])
        # As of series that nobody scrapes: no error, and no result.
        known = query in self._queries and self._requests is not None
        result = [{"metric": {}, "value": [time.time(), str(self._requests)]}] if known else []
        return {"status": "success", "data": {"resultType": "vector", "result": result}}

    def serve(self) -> None:
        """At the node's address, and at the port that the ScaledObjects name."""
        prometheus = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = prometheus.answer(self.path)
                content = json.dumps(body).encode()
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Nobody reads it."""

        server = ThreadingHTTPServer((at.NODE_IP, _URL.port or 80), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()


def queries_of(bodies: Iterable[Body]) -> list[str]:
    """What the ScaledObjects among rendered documents ask Prometheus."""
    return [
        trigger["metadata"]["query"]
        for body in bodies
        if body.get("kind") == "ScaledObject"
        for trigger in body["spec"]["triggers"]
    ]
