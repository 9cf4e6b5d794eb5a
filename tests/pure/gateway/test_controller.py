"""The loop against an API server in memory that can be away, end watches and forget versions."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts.local.gateway import controller as module
from scripts.local.gateway.admin import Admin, Loaded
from scripts.local.gateway.controller import INGRESSES, SERVICES, SLICES, Controller
from scripts.local.gateway.files import read_published, write_initial
from scripts.local.gateway.health import Health
from scripts.local.gateway.kube import KubeError
from scripts.local.gateway.reflector import Reflector
from scripts.local.gateway.settings import Settings
from tests.pure.gateway.builders import CLASS, Object, endpoint_slice, ingress, rule, service, split


class FakeKube:
    """Objects by path and watches that tests feed; statuses that were written are kept."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Object]] = {INGRESSES: {}, SERVICES: {}, SLICES: {}}
        self.events: dict[str, queue.Queue[Object | None]] = {path: queue.Queue() for path in self.items}
        self.statuses: dict[str, Object] = {}
        self.missing: set[str] = set()
        self.refuse_status_of: set[str] = set()
        self.away = False
        self.lists = 0

    def list(self, path: str) -> Mapping[str, Any]:
        self.lists += 1
        if self.away:
            raise KubeError(0, "connection refused")
        if path in self.missing:
            raise KubeError(404, "404 Not Found")
        return {"metadata": {"resourceVersion": "1"}, "items": list(self.items[path].values())}

    def watch(self, path: str, version: str) -> Iterator[Mapping[str, Any]]:
        while (event := self.events[path].get()) is not None:
            if event.get("type") == "BREAK":
                raise KubeError(0, "connection reset")
            yield event

    def merge_patch(self, path: str, body: Mapping[str, Any]) -> None:
        name = path.split("/")[-2]
        if name in self.refuse_status_of:
            raise KubeError(500, "etcd is down")
        self.statuses[name] = json.loads(json.dumps(body["status"]))
        item = {**self.items[INGRESSES][name], "status": self.statuses[name]}
        self.put(INGRESSES, item)

    def put(self, path: str, item: Object, kind: str = "MODIFIED") -> None:
        self.items[path][item["metadata"]["name"]] = item
        self.events[path].put({"type": kind, "object": item})

    def ready(self, name: str) -> str:
        conditions = self.statuses.get(name, {}).get("conditions", [])
        return next((str(entry["status"]) for entry in conditions if entry["type"] == "Ready"), "")


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(xds_dir=tmp_path / "xds", load_seconds=0.5, resync_seconds=0.5, ingress_class=CLASS)
    write_initial(made)
    return made


@pytest.fixture
def kube() -> FakeKube:
    return FakeKube()


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def running(
    kube: FakeKube, settings: Settings, health: Health, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Controller]]:
    """Starts the controller with an Envoy that loads whatever lies in the folder."""

    def loaded() -> Loaded:
        names = {path.stem: path for path in (settings.xds_dir / "current").glob("*.json")}
        return Loaded({name: json.loads(path.read_text())["version_info"] for name, path in names.items()})

    monkeypatch.setattr(Admin, "loaded", lambda _: loaded())
    made: list[tuple[Controller, threading.Thread]] = []

    def start() -> Controller:
        controller = Controller(kube, settings, health)
        thread = threading.Thread(target=controller.run, daemon=True)
        made.append((controller, thread))
        thread.start()
        return controller

    yield start
    for controller, thread in made:
        controller.stop()
        thread.join(5)
        assert not thread.is_alive()


def good(name: str) -> Object:
    return ingress(name, rule(f"{name}.x", splits=[split(name)]))


def add(kube: FakeKube, name: str, ip: str = "10.0.0.1") -> None:
    kube.put(SERVICES, service(name))
    kube.put(SLICES, endpoint_slice(name, ip))
    kube.put(INGRESSES, good(name))


def test_an_ingress_becomes_ready_and_the_health_follows(
    kube: FakeKube, running: Callable[[], Controller], health: Health, settings: Settings
) -> None:
    add(kube, "gpt")
    other = good("other")
    other["metadata"]["annotations"] = {"networking.knative.dev/ingress-class": "kourier"}
    kube.put(INGRESSES, other)
    running()
    until(lambda: kube.ready("gpt") == "True")
    assert health.ready and set(health.applied) == {"Ingress/models/gpt"}
    assert "other" not in kube.statuses
    published = read_published(settings)
    assert published is not None
    assert set(published.clusters) == {"models/gpt/81"}


def test_a_faulty_ingress_says_why_and_recovers_and_the_other_is_ready(
    kube: FakeKube, running: Callable[[], Controller]
) -> None:
    add(kube, "gpt")
    kube.put(INGRESSES, good("late"))
    kube.put(INGRESSES, ingress("odd", rule("odd.x", splits=[{"percent": 100}])))
    running()
    until(lambda: kube.ready("gpt") == "True" and kube.ready("late") == "False" and kube.ready("odd") == "False")
    messages = {name: json.dumps(kube.statuses[name]) for name in ("late", "odd")}
    assert "Service models/late does not exist" in messages["late"]
    assert "serviceNamespace" in messages["odd"]
    kube.put(SERVICES, service("late"))
    until(lambda: kube.ready("late") == "True")


def test_one_status_that_cannot_be_written_does_not_hold_up_the_others(
    kube: FakeKube, running: Callable[[], Controller]
) -> None:
    kube.refuse_status_of = {"a"}
    add(kube, "a")
    add(kube, "b")
    running()
    until(lambda: kube.ready("b") == "True")
    assert kube.ready("a") == ""
    kube.refuse_status_of = set()
    until(lambda: kube.ready("a") == "True")


def test_an_api_server_that_goes_and_comes_back_is_listed_anew(
    kube: FakeKube, running: Callable[[], Controller], settings: Settings, health: Health
) -> None:
    add(kube, "gpt")
    running()
    until(lambda: kube.ready("gpt") == "True")
    kube.away = True
    for path in (INGRESSES, SERVICES, SLICES):
        kube.events[path].put({"type": "BREAK"})
    time.sleep(0.3)
    assert health.ready
    before = read_published(settings)
    assert before is not None and set(before.clusters) == {"models/gpt/81"}
    # While nobody was watching, the pod moved: only a list can tell.
    kube.items[SLICES] = {"gpt-x": endpoint_slice("gpt", "10.0.0.77")}
    kube.away = False

    def moved() -> bool:
        published = read_published(settings)
        return published is not None and "10.0.0.77" in json.dumps(published.endpoints)

    until(moved)


def test_without_knatives_crds_steady_endpoints_are_served(
    kube: FakeKube, running: Callable[[], Controller], settings: Settings
) -> None:
    kube.missing = {INGRESSES}
    steady = service("chat", name="h2c", port=80, targetPort=8080)
    steady["metadata"]["labels"] = {"aigc/endpoint": "chat"}
    steady["metadata"]["annotations"] = {"aigc/host": "chat.models.aigc.internal"}
    kube.put(SERVICES, steady)
    running()
    until(lambda: "chat.models.aigc.internal" in json.dumps((read_published(settings) or object()).__dict__))


def test_an_ingress_waits_for_the_other_replica(
    kube: FakeKube, settings: Settings, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer: dict[str, str] = {}
    monkeypatch.setattr(module, "ask", lambda *_: peer)
    loaded = Loaded({"cds": "x"})
    monkeypatch.setattr(Admin, "loaded", lambda _: loaded)
    controller = Controller(kube, replace(settings, pod_ip="10.0.0.1"), health)
    monkeypatch.setattr(controller._publisher, "apply", lambda _: "")
    gateways = endpoint_slice("gateway-internal", "10.0.0.1", "10.0.0.2")
    gateways["metadata"]["namespace"] = "gateway"
    objects = {INGRESSES: [good("gpt")], SERVICES: [service("gpt")], SLICES: [gateways]}
    kube.items[INGRESSES]["gpt"] = good("gpt")
    for reflector, items in zip(controller._reflectors, objects.values(), strict=True):
        monkeypatch.setattr(reflector, "items", lambda items=items: items)
    assert controller.sync() <= 0.5
    assert kube.statuses == {}
    peer.update(health.applied)
    controller.sync()
    assert kube.ready("gpt") == "True"


def test_a_forgotten_version_means_a_new_list(kube: FakeKube) -> None:
    changes: list[int] = []
    reflector = Reflector(kube, SERVICES, lambda: changes.append(1))
    reflector.start()
    until(lambda: kube.lists == 1)
    kube.put(SERVICES, service("a"), "ADDED")
    until(lambda: len(reflector.items()) == 1)
    kube.events[SERVICES].put({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}})
    kube.events[SERVICES].put({"type": "DELETED", "object": service("a")})
    until(lambda: reflector.items() == [])
    kube.events[SERVICES].put({"type": "ERROR", "object": {"code": 410, "message": "too old resource version"}})
    until(lambda: kube.lists == 2 and len(reflector.items()) == 1)
    reflector.stop()
    kube.events[SERVICES].put(None)
