"""The loop: see what changed, translate, publish, tell Knative.

Why so small: everything worth testing is in the pure modules; what stays here is order. Status comes after Envoy has
loaded, and nothing here may end the loop: with the API server or Envoy away it goes on with what it knows.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from .admin import Admin
from .health import Health
from .ingress import parse_ingress
from .kube import Kube, KubeError
from .objects import (
    MalformedObjectError,
    Route,
    Slice,
    ingress_class,
    metadata,
    parse_all_services,
    parse_slice,
    parse_steady,
)
from .peers import ask, peer_addresses, unconfirmed
from .publisher import Publisher
from .quarantine import admit
from .reflector import Reflector
from .routes import Identity, Translation, translate
from .settings import Settings
from .status import desired_status, is_ready

LOG = logging.getLogger("gateway.controller")
INGRESSES = "/apis/networking.internal.knative.dev/v1alpha1/ingresses"
SERVICES = "/api/v1/services"
SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
# 20 ms: a new revision changes several objects at once; one pass for all of them.
SETTLE_SECONDS = 0.02
PEER_RETRY_SECONDS = 0.5
ERROR_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Snapshot:
    """What the API server said last, typed; `malformed` holds the words for Ingresses that could not be understood."""

    ingresses: tuple[Mapping[str, Any], ...]
    routes: tuple[Route, ...]
    malformed: Mapping[Identity, str]
    services: Mapping[tuple[str, str], Any]
    slices: tuple[Slice, ...]


def snapshot(
    ingresses: Sequence[Mapping[str, Any]],
    services: Sequence[Mapping[str, Any]],
    slices: Sequence[Mapping[str, Any]],
    wanted_class: str,
) -> Snapshot:
    """Typed objects from raw ones; objects that are being deleted no longer count."""
    ours = tuple(
        item
        for item in ingresses
        if ingress_class(item) == wanted_class and not metadata(item).get("deletionTimestamp")
    )
    routes: list[Route] = [route for route in map(parse_steady, services) if route]
    malformed: dict[Identity, str] = {}
    for item in ours:
        try:
            routes.append(parse_ingress(item))
        except MalformedObjectError as error:
            malformed[identity(item)] = str(error)
    return Snapshot(ours, tuple(routes), malformed, parse_all_services(services), tuple(map(parse_slice, slices)))


def identity(item: Mapping[str, Any]) -> Identity:
    """The identity of the route that an Ingress object becomes."""
    return ("Ingress", str(metadata(item).get("namespace") or ""), str(metadata(item).get("name") or ""))


class Controller:
    """Connects the reflectors, the publisher and the status; one pass is `sync`."""

    def __init__(self, kube: Kube, settings: Settings, health: Health) -> None:
        self._kube, self._settings, self._health = kube, settings, health
        self._dirty = threading.Event()
        self._admin = Admin(settings.admin)
        self._publisher = Publisher(settings, self._admin.loaded)
        self._reflectors = [Reflector(kube, path, self._dirty.set) for path in (INGRESSES, SERVICES, SLICES)]
        self._accepted: dict[Identity, Route] = {}
        self._refused: dict[Identity, tuple[Route, str]] = {}
        self._translation: Translation | None = None
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until `stopping`: a pass after each change, and one from time to time without."""
        for reflector in self._reflectors:
            reflector.start()
        # Translating a half-known cluster would take away routes that exist.
        while not self.stopping.is_set() and not all(item.synced.wait(0.2) for item in self._reflectors):
            self._health.heartbeat = time.monotonic()
        wait = 0.0
        while not self.stopping.is_set():
            self._dirty.wait(wait)
            self._dirty.clear()
            time.sleep(SETTLE_SECONDS)
            self._health.heartbeat = time.monotonic()
            try:
                wait = self.sync()
            except Exception as error:  # the loop outlives every fault; the words go to the log, the pass is repeated
                LOG.error("pass failed: %s: %s", type(error).__name__, error)
                self.stopping.wait(ERROR_RETRY_SECONDS)
                self._dirty.set()
        for reflector in self._reflectors:
            reflector.stop()

    def stop(self) -> None:
        """End `run` soon; may be called from a signal handler."""
        self.stopping.set()
        self._dirty.set()

    def sync(self) -> float:
        """One pass; returns the seconds after which another is due without any change."""
        raw = [reflector.items() for reflector in self._reflectors]
        seen = snapshot(raw[0], raw[1], raw[2], self._settings.ingress_class)
        faults = self._serve(seen)
        self._health.applied = {
            "/".join(key): route.hash for key, route in self._accepted.items() if route.hash and key not in faults
        }
        self._health.ready = True
        waiting = self._write_statuses(seen, faults)
        due = [self._settings.resync_seconds, self._publisher.next_cleanup(), PEER_RETRY_SECONDS if waiting else None]
        return min(value for value in due if value is not None)

    def _serve(self, seen: Snapshot) -> dict[Identity, tuple[str, ...]]:
        """Publish what Envoy takes; returns the faults by route."""
        self._refused = {key: value for key, value in self._refused.items() if value[0] in seen.routes}
        candidates = [route for route in seen.routes if route.identity not in self._refused]
        known = [route for route in candidates if self._accepted.get(route.identity) == route]
        suspects = [route for route in candidates if self._accepted.get(route.identity) != route]
        admission = admit(known, suspects, partial(self._attempt, seen))
        self._accepted = {route.identity: route for route in admission.served}
        self._refused.update(admission.refused)
        faults = dict(self._translation.faults) if self._translation else {}
        faults.update({key: (words,) for key, words in seen.malformed.items()})
        faults.update({key: (f"Envoy refuses it: {words}",) for key, (_, words) in self._refused.items()})
        return faults

    def _attempt(self, seen: Snapshot, routes: Sequence[Route]) -> str:
        translation = translate(routes, seen.services, seen.slices, self._settings)
        words = self._publisher.apply(translation.xds)
        if not words:
            self._translation = translation
        return words

    def _write_statuses(self, seen: Snapshot, faults: Mapping[Identity, Sequence[str]]) -> bool:
        """Write what changed; True when some Ingress still waits for another replica or could not be written."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        new = [item for item in seen.ingresses if not is_ready(item) and identity(item) not in faults]
        hashes = {"/".join(identity(item)): self._accepted[identity(item)].hash for item in new}
        peers = peer_addresses(seen.slices, self._settings)
        held = unconfirmed(hashes, peers, lambda peer: ask(peer, self._settings.health_port))
        failed = False
        for item in seen.ingresses:
            if "/".join(identity(item)) in held:
                continue
            status = desired_status(item, faults.get(identity(item), ()), self._settings, now)
            if status is not None and not self._patch(item, status):
                failed = True
        return failed or bool(held)

    def _patch(self, item: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
        """Write one status; one that cannot be written must not hold up the others, so this never raises."""
        _, namespace, name = identity(item)
        path = f"/apis/networking.internal.knative.dev/v1alpha1/namespaces/{namespace}/ingresses/{name}/status"
        try:
            self._kube.merge_patch(path, {"status": status})
        except KubeError as error:
            if error.code == 404:  # deleted meanwhile: nothing to say about it
                return True
            LOG.warning("Ingress %s/%s: its status was not written: %s", namespace, name, error)
            return False
        words = next((entry["message"] for entry in status["conditions"] if entry.get("message")), "Ready")
        LOG.info("Ingress %s/%s: %s", namespace, name, words)
        return True
