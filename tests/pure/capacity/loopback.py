"""A server on loopback that answers with what a test hands it, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body or b"{}")


Answer = tuple[int, Any]
"""Status and JSON body."""
AnswerWithHeaders = tuple[int, Any, Mapping[str, str]]


@dataclass
class Loopback:
    url: str
    asked: list[Request] = field(default_factory=list)


def _answered(
    answer: Callable[[Request], Answer | AnswerWithHeaders], request: Request, failed: list[Exception]
) -> tuple[int, bytes, Mapping[str, str]]:
    """Status, content and further headers; what goes wrong in answering is kept for the end."""
    try:
        status, body, *more = answer(request)
    except Exception as error:
        failed.append(error)
        status, body, *more = 418, {"error": {"message": f"the server of the test failed: {error!r}"}}
    return status, json.dumps(body).encode(), more[0] if more else {}


@contextmanager
def serving(
    answer: Callable[[Request], Answer | AnswerWithHeaders], content_type: str = "application/json"
) -> Iterator[Loopback]:
    """Serve on a free port of loopback until the block ends, and then raise what went wrong in answering."""
    asked: list[Request] = []
    failed: list[Exception] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, url.path, dict(parse_qsl(url.query)), headers, self.rfile.read(length))
            asked.append(request)
            status, content, more = _answered(answer, request, failed)
            self.send_response(status)
            usual = {"Content-Type": content_type, "Content-Length": str(len(content))}
            for name, value in {**usual, **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PATCH = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Loopback(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    if failed:
        raise failed[0]
