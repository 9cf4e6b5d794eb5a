"""What Knative's autoscaler hears and asks: requests over its websocket, and whether an activator stands in their path.

Simulated pods have no queue-proxy that it could ask, and no proxy of Services leads to an activator.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import websocket
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from scripts.local.cluster import layout as at
from tests.fleets.hosts import Hosts
from tests.fleets.neighbours import Neighbour

ACTIVATOR = "activator-of-the-fleet"
_PORT = 8080
_SERVICE_PORTS = (80, 81)
"""Of a revision's Service, for HTTP/1 and for HTTP/2 without TLS."""
_ANSWER = b"activator"
"""What the autoscaler wants to hear before it takes the last pod away (reconciler/autoscaling/kpa/scaler.go)."""
_PACKAGE = "metrics"
_FIELD = descriptor_pb2.FieldDescriptorProto
_MESSAGES: dict[str, list[tuple[str, int, int, str]]] = {
    # pkg/autoscaler/metrics/stat.proto of Knative Serving 1.23.
    "Stat": [
        ("pod_name", 1, _FIELD.TYPE_STRING, ""),
        ("average_concurrent_requests", 2, _FIELD.TYPE_DOUBLE, ""),
        ("request_count", 4, _FIELD.TYPE_DOUBLE, ""),
        ("timestamp", 7, _FIELD.TYPE_INT64, ""),
    ],
    "WireStatMessage": [
        ("namespace", 1, _FIELD.TYPE_STRING, ""),
        ("name", 2, _FIELD.TYPE_STRING, ""),
        ("stat", 3, _FIELD.TYPE_MESSAGE, "Stat"),
    ],
    "WireStatMessages": [("messages", 1, _FIELD.TYPE_MESSAGE, "WireStatMessage")],
}


def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="stat.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, of in fields:
            repeated = field == "messages"
            message.field.add(
                name=field,
                number=number,
                type=kind,
                label=_FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL,
                type_name=f".{_PACKAGE}.{of}" if of else None,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)  # type: ignore[no-untyped-call]
    find: Any = pool.FindMessageTypeByName
    return {name: message_factory.GetMessageClass(find(f"{_PACKAGE}.{name}")) for name in _MESSAGES}


class Activator:
    """Tells the autoscaler of requests for revisions that have no pod to send them to."""

    def __init__(self, autoscaler: Neighbour) -> None:
        self._classes = _classes()
        self._connection = websocket.create_connection(f"ws://{autoscaler.address}:{_PORT}", timeout=10)

    def tell(self, namespace: str, revision: str, in_flight: float) -> None:
        """So many requests were in flight during the last second."""
        stat = self._classes["Stat"](
            pod_name=ACTIVATOR,
            average_concurrent_requests=in_flight,
            request_count=in_flight,
            timestamp=int(time.time()),
        )
        message = self._classes["WireStatMessage"](namespace=namespace, name=revision, stat=stat)
        self._connection.send_binary(self._classes["WireStatMessages"](messages=[message]).SerializeToString())

    def close(self) -> None:
        """No more is heard of it."""
        self._connection.close()


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(_ANSWER)))
        self.end_headers()
        self.wfile.write(_ANSWER)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nobody reads it."""


def answer_as_activator(hosts: Hosts, services: Iterable[str]) -> None:
    """Have these Services' names lead to an answer that an activator gives."""
    hosts.lead(services, at.NODE_IP)
    for port in _SERVICE_PORTS:
        server = ThreadingHTTPServer((at.NODE_IP, port), _Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
