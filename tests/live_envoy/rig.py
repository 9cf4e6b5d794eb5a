"""A real Envoy on loopback with our own bootstrap and our own publisher; only ports and folders differ from the pod."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from scripts.local.gateway.admin import Admin, EnvoyAwayError
from scripts.local.gateway.objects import Address, Backend, HttpPath, Route, Rule, Service, ServicePort, Slice, Split
from scripts.local.gateway.publisher import Publisher
from scripts.local.gateway.routes import translate
from scripts.local.gateway.settings import Settings

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "k8s" / "local" / "gateway"


_given: set[int] = set()
"""The kernel may offer a port again as soon as the probe is closed: two listeners of one Envoy once got the same."""


def free_port() -> int:
    """A port of loopback nobody listens on now, never the same twice."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _given:
            _given.add(port)
            return port


class EnvoyProcess:
    """One Envoy, ended with the test; its log is kept for the message of a failure."""

    def __init__(self, binary: Path, configuration: Path, admin: str, log: Path) -> None:
        self._log = log
        self.admin = Admin(admin)
        arguments = [str(binary), "-c", str(configuration), "--concurrency", "2", "--disable-hot-restart"]
        # Histograms show what was counted before the last flush, every 5 s if nobody says otherwise.
        arguments += ["--config-yaml", "stats_flush_interval: 0.2s"]
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [*arguments, "--log-level", "warning", "--file-flush-interval-msec", "250"],
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def wait_ready(self, seconds: float = 20.0) -> None:
        """Until the admin interface answers."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"Envoy ended with {self.process.returncode}:\n{self.log()}"
            try:
                self.admin.loaded()
            except EnvoyAwayError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"Envoy did not come up in {seconds:.0f} s:\n{self.log()}")

    def log(self) -> str:
        """Everything Envoy wrote, access log included."""
        return self._log.read_text(errors="replace")

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait()


@dataclass
class Gateway:
    """The gateway under test: settings, publisher and process."""

    settings: Settings
    metrics_port: int
    bootstrap: Path
    binary: Path
    envoy: EnvoyProcess
    publisher: Publisher

    def serve(self, routes: Sequence[Route], services: Sequence[Service], slices: Sequence[Slice]) -> str:
        """Translate and publish; the words of Envoy's refusal, if any."""
        known = {(item.namespace, item.name): item for item in services}
        return self.publisher.apply(translate(routes, known, slices, self.settings).xds)

    def get(self, host: str, path: str = "/", headers: dict[str, str] | None = None, internal: bool = False) -> Answer:
        """One HTTP/1.1 request on a connection of its own."""
        port = self.settings.internal_port if internal else self.settings.external_port
        return get(port, path, {"Host": host, **(headers or {})})

    def log_records(self) -> list[dict[str, Any]]:
        """The access log as far as Envoy has written it out."""
        return [json.loads(line) for line in self.envoy.log().splitlines() if line.startswith("{")]

    def restart(self) -> None:
        """Kill Envoy and start it anew on the files that lie there."""
        self.envoy.kill()
        self.envoy = EnvoyProcess(
            self.binary, self.bootstrap, self.settings.admin, self.bootstrap.parent / "envoy-2.log"
        )
        self.envoy.wait_ready()


@dataclass(frozen=True)
class Answer:
    """Status, headers (lower case) and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def get(port: int, path: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
    """One HTTP/1.1 request (POST when there is a body) on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request("GET" if body is None else "POST", path, body=body, headers=headers)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read())
    finally:
        connection.close()


def move_ports(source: Path, target: Path, ports: dict[int, int], xds: Path | None = None) -> None:
    """A configuration of ours with other ports (and folder): the one change a test makes to it."""

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            known = {key: moved(item) for key, item in value.items()}
            if "port_value" in known:
                known["port_value"] = ports[known["port_value"]]
                known["address"] = "127.0.0.1"
            return known
        if isinstance(value, list):
            return [moved(item) for item in value]
        if xds and isinstance(value, str) and (value == "/xds" or value.startswith("/xds/")):
            return str(xds) + value.removeprefix("/xds")
        return value

    target.write_text(yaml.safe_dump(moved(yaml.safe_load(source.read_text(encoding="utf-8")))), encoding="utf-8")


def service(name: str, http2: bool = False) -> Service:
    """A Service as Knative makes it: port 80 `http` or 81 `http2`."""
    port = ServicePort(81, "http2", True, "8013") if http2 else ServicePort(80, "http", False, "8012")
    return Service("models", name, (port,))


def behind(item: Service, *ports: int) -> Slice:
    """Ready addresses of loopback behind a Service."""
    found = tuple(Address("127.0.0.1", port) for port in ports)
    return Slice(item.namespace, item.name, {item.ports[0].name: found})


def backend(item: Service) -> Backend:
    """The Service's only port, by number."""
    return Backend(item.namespace, item.name, str(item.ports[0].number))


def route(name: str, host: str, *paths: HttpPath, external: bool = True, hash_value: str = "") -> Route:
    """An Ingress of one rule."""
    return Route("models", name, "2026-01-01T00:00:00Z", (Rule((host,), paths, external),), hash=hash_value)


def to(item: Service) -> HttpPath:
    """Everything to one Service."""
    return HttpPath((Split(backend(item), 100),))


def inlined(settings: Settings) -> Settings:
    """The same settings past the limit of watched files: endpoints inside the clusters."""
    return replace(settings, eds_limit=0)
