"""Waits until an object is ready, and ends with the cause when it is not in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from scripts.engine.cause import causes
from scripts.engine.crash_loop import ASK_SECONDS, SETTLE_SECONDS, crash_loop
from scripts.engine.durations import seconds_of
from scripts.engine.graph import Resource
from scripts.engine.kube_client import KubeClient
from scripts.engine.objects import ObjectKey
from scripts.engine.readiness import TIMEOUT_SECONDS, Verdict, annotation, needs_endpoints, verdict

DEFAULT_TIMEOUT_SECONDS = 600.0
"""The Pulumi Kubernetes provider's patience with Deployments, Services and Pods."""
REMEMBERED_SECONDS = 20.0
"""What a controller may still say of the version before: pods of that one, which never got ready, go within seconds."""
FIRST_PAUSE_SECONDS = 0.15
LONGEST_PAUSE_SECONDS = 1.0


class NotReadyError(Exception):
    """An object did not become ready; `lines` say why."""

    def __init__(self, why: str, lines: list[str]) -> None:
        self.why = why
        self.lines = lines
        super().__init__(why)


class InterruptedWaitError(Exception):
    """Something else failed, so that this wait has no point any more."""


def timeout_of(resource: Resource, body: dict[str, Any]) -> float:
    """`customTimeouts` of the resource, then its annotation, then the provider's default."""
    given = resource.timeouts.get("create") or ""
    if seconds := seconds_of(given):
        return seconds
    noted = annotation(body, TIMEOUT_SECONDS)
    return float(noted) if noted.isdigit() and int(noted) > 0 else DEFAULT_TIMEOUT_SECONDS


def judge(client: KubeClient, live: dict[str, Any], key: ObjectKey) -> Verdict:
    """The object's own verdict, and for a Service also that somebody answers behind it."""
    answer = verdict(live)
    if answer.ready and needs_endpoints(live) and not _has_endpoint(client, key):
        return Verdict(False, "no pod is ready behind it")
    return answer


def is_final(answer: Verdict, waited_seconds: float) -> bool:
    """Whether waiting longer cannot help."""
    return answer.final and (not answer.remembered or waited_seconds >= REMEMBERED_SECONDS)


def wait_ready(
    client: KubeClient,
    key: ObjectKey,
    live: dict[str, Any],
    timeout: float,
    *,
    stop: threading.Event,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return the live object once it is ready; `say` gets the reason each time it changes.

    Raises:
        NotReadyError: it is not in time, or never will be: it says so itself, or its pod crashes again and again.
        InterruptedWaitError: `stop` was set.
    """
    started, pause = time.monotonic(), FIRST_PAUSE_SECONDS
    next_look, crashing = SETTLE_SECONDS, None
    answer = judge(client, live, key)
    while not answer.ready:
        waited = time.monotonic() - started
        if is_final(answer, waited) or waited >= timeout:
            why = answer.why if answer.final else f"not ready after {waited:.0f} s: {answer.why}"
            raise NotReadyError(why, causes(client, live))
        if waited >= next_look:
            before, crashing = crashing, crash_loop(client, live)
            next_look = waited + ASK_SECONDS
            if crashing and crashing == before:
                raise NotReadyError(f"given up after {waited:.0f} s: {crashing}", causes(client, live))
        say(answer.why)
        if stop.wait(pause):
            raise InterruptedWaitError
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
        found = client.get(key)
        if found is None:
            raise NotReadyError("it was deleted by somebody else while it was waited for", [])
        live = found
        answer = judge(client, live, key)
    return live


def wait_gone(client: KubeClient, key: ObjectKey, timeout: float, say: Callable[[str], None]) -> None:
    """Return once the object is gone; `say` gets what holds it, and so does NotReadyError."""
    started, pause = time.monotonic(), FIRST_PAUSE_SECONDS
    while (found := client.get(key)) is not None:
        finalizers = ", ".join((found.get("metadata") or {}).get("finalizers") or []) or "none"
        if time.monotonic() - started >= timeout:
            why = f"{key} is still there after {timeout:.0f} s; finalizers: {finalizers}"
            raise NotReadyError(why, causes(client, found))
        say(f"it is being deleted; finalizers: {finalizers}")
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)


def _has_endpoint(client: KubeClient, key: ObjectKey) -> bool:
    selector = f"kubernetes.io/service-name={key.name}"
    for piece in client.list("discovery.k8s.io/v1", "EndpointSlice", key.namespace, labelSelector=selector):
        for endpoint in piece.get("endpoints") or []:
            if endpoint.get("addresses") and (endpoint.get("conditions") or {}).get("ready") is not False:
                return True
    return False
