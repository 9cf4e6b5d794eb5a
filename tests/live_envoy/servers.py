"""Small upstreams that say who they are: HTTP/1.1, gRPC over h2c, and a WebSocket echo."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc  # type: ignore[import-untyped]

UNARY = "/test.Echo/Unary"
STREAM = "/test.Echo/Stream"
WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class HttpUpstream:
    """Answers with its name, the path and the headers it saw; /slow streams three chunks, 0.1 s apart."""

    def __init__(self, name: str, port: int = 0) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                if self.path.startswith("/slow"):
                    self._slow()
                    return
                seen = {key.lower(): value for key, value in self.headers.items()}
                self._answer(json.dumps({"name": name, "path": self.path, "headers": seen}).encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._answer(json.dumps({"name": name, "bytes": len(body)}).encode())

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _slow(self) -> None:
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for number in range(3):
                    self.wfile.write(b"1\r\n%d\r\n" % number)
                    self.wfile.flush()
                    time.sleep(0.1)
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class GrpcUpstream(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Echo over gRPC: every answer begins with the server's name; trailers carry it too."""

    def __init__(self, name: str, port: int = 0) -> None:
        self._name = name.encode()
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        self._server.add_generic_rpc_handlers((self,))
        self.port = int(self._server.add_insecure_port(f"127.0.0.1:{port}"))
        self._server.start()

    def service(self, handler_call_details: Any) -> Any:
        if handler_call_details.method == UNARY:
            return grpc.unary_unary_rpc_method_handler(self._unary)
        if handler_call_details.method == STREAM:
            return grpc.stream_stream_rpc_method_handler(self._stream)
        return None

    def _unary(self, request: bytes, context: Any) -> bytes:
        context.set_trailing_metadata((("served-by", self._name.decode()),))
        if request == b"fail":
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "asked to fail")
        return self._name + b":" + request

    def _stream(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        for request in requests:
            yield self._name + b":" + request
        context.set_trailing_metadata((("served-by", self._name.decode()),))

    def stop(self) -> None:
        self._server.stop(None)


class WebSocketUpstream:
    """Accepts an upgrade and sends back every byte after it."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        lines = head.decode().split("\r\n")
        key = next(line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("sec-websocket-key:"))
        accept = base64.b64encode(hashlib.sha1((key + WEBSOCKET_GUID).encode()).digest()).decode()  # noqa: S324
        head_lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        head_lines += [f"Sec-WebSocket-Accept: {accept}", "", ""]
        connection.sendall("\r\n".join(head_lines).encode())
        while data := connection.recv(4096):
            connection.sendall(data)

    def stop(self) -> None:
        self._socket.close()


def channel(port: int, host: str) -> grpc.Channel:
    """A gRPC channel to a gateway's port that asks for a host."""
    return grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.default_authority", host)])


def unary(line: grpc.Channel, payload: bytes = b"x", timeout: float = 10.0, metadata: Any = None) -> bytes:
    """One unary call; the raw answer."""
    answer: bytes = line.unary_unary(UNARY)(payload, timeout=timeout, metadata=metadata)
    return answer
