"""Servers on loopback that answer as a gateway, an activator or Triton would, so that each refusal can be provoked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc  # type: ignore[import-untyped,unused-ignore]
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc  # type: ignore[import-untyped,unused-ignore]

Answer = Callable[[Any, Any], Any]


@contextmanager
def http_server(status: int, body: bytes, seconds: float = 0.0) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Answers every POST the same way; yields its address and the headers it received."""
    received: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append({name.lower(): ", ".join(self.headers.get_all(name) or ()) for name in self.headers})
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            time.sleep(seconds)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", received
    finally:
        server.shutdown()
        server.server_close()


def http_answer(tokens: list[int]) -> bytes:
    """What Triton sends for OUTPUT__0 when asked in JSON."""
    output = {"name": "OUTPUT__0", "datatype": "INT32", "shape": [1, len(tokens)], "data": tokens}
    return json.dumps({"model_name": "gpt", "model_version": "1", "outputs": [output]}).encode()


def grpc_answer(tokens: list[int], final: bool = True) -> Any:
    """OUTPUT__0 as a message; without tokens the empty response that ends a stream."""
    response = service_pb2.ModelInferResponse(model_name="gpt", model_version="1")
    response.parameters["triton_final_response"].bool_param = final
    if tokens:
        response.outputs.add(name="OUTPUT__0", datatype="INT32", shape=[1, len(tokens)])
        response.raw_output_contents.append(np.array(tokens, np.int32).tobytes())
    return response


class Seen:
    """What a gRPC server was asked."""

    def __init__(self) -> None:
        self.models: list[str] = []
        self.authorities: list[str] = []
        self.metadata: list[dict[str, str]] = []

    def note(self, request: Any, context: Any) -> None:
        self.models.append(request.model_name)
        self.metadata.append(dict(context.invocation_metadata()))


@contextmanager
def grpc_server(unary: Answer | None = None, stream: Answer | None = None) -> Iterator[tuple[str, Seen]]:
    """A KServe v2 server; `unary` and `stream` get (request, context)."""
    seen = Seen()

    class Service(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc,unused-ignore]
        def ModelInfer(self, request: Any, context: Any) -> Any:
            seen.note(request, context)
            assert unary is not None
            return unary(request, context)

        def ModelStreamInfer(self, requests: Any, context: Any) -> Any:
            for request in requests:
                seen.note(request, context)
                assert stream is not None
                yield from stream(request, context)

    server = grpc.server(futures.ThreadPoolExecutor(2))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", seen
    finally:
        server.stop(grace=None).wait()


def abort(code: Any, message: str) -> Answer:
    """An answer that is a status."""

    def answer(_request: Any, context: Any) -> Any:
        context.abort(code, message)

    return answer
