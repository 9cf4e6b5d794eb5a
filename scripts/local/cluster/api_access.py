"""The few requests set-up makes to the API server and to health endpoints, without the weight of a client library.

`up` on a running cluster must answer in under two seconds; importing the kubernetes client alone takes one.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from dataclasses import dataclass
from typing import Any

from scripts.local.cluster import layout as at
from scripts.local.cluster.layout import Layout, Port
from scripts.progress import Progress

REQUEST_SECONDS = 10.0
PATIENCE_SECONDS = 120.0
"""An API server that says it is ready may still be slow: its connections to etcd come back one by one, and gRPC tries
again after 120 s at the latest (seen: a Service that was not taken for 10 s after etcd's disk had been full).
"""
PAUSE_SECONDS = 1.0
TOO_MANY = 429
NOT_FOUND = 404
FIELD_MANAGER = "aigc-cluster"
PLAIN_PORTS = frozenset({at.KUBELET_HEALTH_PORT, at.PROXY_HEALTH_PORT, at.DNS_HEALTH_PORT})


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    """0 when it could not be reached."""
    body: str

    @property
    def fine(self) -> bool:
        """Whether it was a success."""
        return 200 <= self.status < 300

    @property
    def may_change(self) -> bool:
        """Whether the same request may have another answer in a moment: it says nothing of the request itself."""
        return self.status in (0, TOO_MANY) or self.status >= 500

    def json(self) -> Any:
        """The body as a document."""
        return json.loads(self.body)

    def words(self) -> str:
        """What a person wants to know of it."""
        if self.status == 0:
            return self.body
        text = self.body
        try:
            document = self.json()
            text = document.get("message", text) if isinstance(document, dict) else text
        except ValueError:
            pass
        # A health endpoint lists everything it looked at; only what failed is news.
        failed = [line.removeprefix("[-]") for line in text.splitlines() if line.startswith("[-]")]
        return f"{self.status}: {' '.join('; '.join(failed or [text]).split())[:300]}"


def ask(
    layout: Layout, port: Port, path: str, *, method: str = "GET", body: str | None = None, content_type: str = ""
) -> Answer:
    """One request to one of our processes, as the administrator."""
    headers = {"Content-Type": content_type} if content_type else {}
    connection = _connection(layout, port)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.read().decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, str(error) or type(error).__name__)
    finally:
        connection.close()


def ask_api_server(
    layout: Layout, path: str, progress: Progress, *, method: str = "GET", body: str | None = None, kind: str = ""
) -> Answer:
    """One request to the API server, which is waited for; only for what may be asked twice."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answer := ask(layout, at.API_PORT, path, method=method, body=body, content_type=kind)).may_change:
        if time.monotonic() > deadline:
            break
        progress.note(f"the API server is asked again for {path} ({answer.words()})")
        time.sleep(PAUSE_SECONDS)
    return answer


def apply(layout: Layout, path: str, document: dict[str, Any], progress: Progress) -> Answer:
    """Server-side apply of one object."""
    target = f"{path}?fieldManager={FIELD_MANAGER}&force=true"
    text, kind = json.dumps(document), "application/apply-patch+yaml"
    return ask_api_server(layout, target, progress, method="PATCH", body=text, kind=kind)


def _connection(layout: Layout, port: Port) -> http.client.HTTPConnection:
    if port in PLAIN_PORTS:
        return http.client.HTTPConnection(port.address, port.number, timeout=REQUEST_SECONDS)
    etcd = port == at.ETCD_CLIENT_PORT
    authority, client = ("etcd-ca", "etcd-client") if etcd else ("ca", "admin")
    try:
        context = ssl.create_default_context(cafile=str(layout.pki / f"{authority}.crt"))
        context.load_cert_chain(layout.pki / f"{client}.crt", layout.pki / f"{client}.key")
    except OSError:
        context = ssl.create_default_context()  # no keys yet: the request fails, and says so
    return http.client.HTTPSConnection(port.address, port.number, timeout=REQUEST_SECONDS, context=context)
