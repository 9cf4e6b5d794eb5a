"""A real Alertmanager with our configuration sends an alert to a webhook, with what a person needs to know."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from aigc.observability.alertmanager import alertmanager_config
from scripts.local.supply.test_tools import ensure_test_tool
from scripts.progress import Progress
from tests.live_envoy.rig import free_port

SECONDS = 30.0
IN_ITS_OWN_VIEW = ("unshare", "--map-root-user", "--mount", "sh", "-c", 'mount --bind "$0" /usr/share && exec "$@"')
"""Debian's build reads its templates under /usr/share: this program alone sees there what its package brought."""
Message = tuple[str, dict[str, Any]]


@contextmanager
def receiver() -> Iterator[tuple[str, queue.Queue[Message]]]:
    """A webhook on loopback: its URL, and what was posted to it as (path, body)."""
    posted: queue.Queue[Message] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.put((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/services/a-token", posted
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def alertmanager(config: dict[str, Any], folder: Path) -> Iterator[str]:
    """The real server; yields the URL of its API."""
    # As deployed but for the 30 s in which alerts of one incident are gathered.
    config["route"]["group_wait"] = "0s"
    (folder / "alertmanager.yaml").write_text(json.dumps(config))
    port = free_port()
    program = ensure_test_tool("prometheus-alertmanager", Progress(quiet=True))
    command = [
        *(*IN_ITS_OWN_VIEW, str(program.parents[1] / "share")),
        str(program),
        f"--config.file={folder}/alertmanager.yaml",
        f"--storage.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as process:
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}/-/ready", process, folder / "log")
            yield f"http://127.0.0.1:{port}/api/v2"
        finally:
            process.terminate()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"Alertmanager is not ready: {log.read_text()[-2000:]}")


def fire(api: str) -> None:
    labels = {"alertname": "EndpointErrorBudgetBurn", "severity": "page", "aigc_endpoint": "gpt"}
    alert = {"labels": labels, "annotations": {"summary": "gpt fails 14.4 times as often as its objective allows"}}
    httpx.post(f"{api}/alerts", json=[alert]).raise_for_status()


def test_an_alert_reaches_the_webhook(tmp_path: Path) -> None:
    with receiver() as (url, posted), alertmanager(alertmanager_config(url), tmp_path) as api:
        fire(api)
        path, message = posted.get(timeout=SECONDS)
    assert path == "/services/a-token"
    assert message["status"] == "firing"
    (alert,) = message["alerts"]
    assert alert["labels"] == {"alertname": "EndpointErrorBudgetBurn", "severity": "page", "aigc_endpoint": "gpt"}
    assert "14.4 times" in alert["annotations"]["summary"]


def test_without_a_webhook_the_alert_is_seen_in_alertmanager_alone(tmp_path: Path) -> None:
    with receiver() as (_, posted), alertmanager(alertmanager_config(), tmp_path) as api:
        fire(api)
        seen = httpx.get(f"{api}/alerts").raise_for_status().json()
        assert [alert["receivers"] for alert in seen] == [[{"name": "seen-here"}]]
    assert posted.empty()
