"""Sends one object by server-side apply: patient with what passes by itself, clear about what does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from scripts.engine.kube_client import KubeClient, KubeError
from scripts.engine.objects import ObjectKey, key_of
from scripts.engine.readiness import annotation
from scripts.engine.waiting import InterruptedWaitError, wait_gone

PATIENCE_SECONDS = 90.0
"""A webhook's pod that was just made needs about 10 s until its endpoints reach every proxy."""
PAUSE_SECONDS = 0.5
REPLACE_SECONDS = 120.0
PATCH_FORCE = "pulumi.com/patchForce"
# Kinds that the Pulumi provider replaces when an immutable field changes and that hold no data of their own.
REPLACEABLE = frozenset({"Job", "Deployment", "DaemonSet", "Pod", "RoleBinding", "ClusterRoleBinding", "StorageClass"})
_IMMUTABLE = (
    "field is immutable",
    "cannot change roleRef",
    "may not change fields other than",
    "updates to parameters",
)


class Change(StrEnum):
    """What sending an object did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def send(
    client: KubeClient,
    body: dict[str, Any],
    before: dict[str, Any] | None,
    *,
    force: bool,
    stop: threading.Event,
    say: Callable[[str], None],
) -> tuple[Change, dict[str, Any]]:
    """Apply the object and tell what that changed, compared with `before`."""
    forced = force or annotation(body, PATCH_FORCE).lower() == "true"
    try:
        after = _apply_patiently(client, body, forced, stop, say)
    except KubeError as error:
        key = key_of(body)
        if not _is_immutable(error) or key.kind not in REPLACEABLE:
            raise
        say("a field that cannot change did: it is replaced")
        client.delete(key)
        wait_gone(client, key, REPLACE_SECONDS, say)
        return Change.CHANGED, _apply_patiently(client, body, forced, stop, say)
    if before is None:
        return Change.CREATED, after
    return (Change.UNCHANGED if same_content(before, after) else Change.CHANGED), after


def same_content(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether an apply changed anything: controllers may write status between the two readings, that is not ours."""
    if before["metadata"].get("resourceVersion") == after["metadata"].get("resourceVersion"):
        return True
    return content_of(before) == content_of(after)


def content_of(live: dict[str, Any]) -> dict[str, Any]:
    """An object without status and without what the API server counts in its metadata."""
    body = {key: value for key, value in live.items() if key != "status"}
    noise = ("resourceVersion", "managedFields", "generation")
    body["metadata"] = {key: value for key, value in live["metadata"].items() if key not in noise}
    return body


def _apply_patiently(
    client: KubeClient, body: dict[str, Any], force: bool, stop: threading.Event, say: Callable[[str], None]
) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return client.apply(body, force)
        except KubeError as error:
            if not passes_by_itself(error) or time.monotonic() >= deadline:
                raise
            say(f"trying again: {error.message}")
        if stop.wait(PAUSE_SECONDS):
            raise InterruptedWaitError


def passes_by_itself(error: KubeError) -> bool:
    """Whether trying again is reasonable: webhooks that start, kinds and namespaces that are just being made."""
    if error.status in (429, 502, 503, 504):
        return True
    if error.status == 500:
        return "failed calling webhook" in error.message or "etcdserver" in error.message
    if error.status == 404:
        return error.reason == "NoKindMatch" or "namespaces" in error.message or "could not find" in error.message
    if error.status == 403:
        return "being terminated" in error.message or "serviceaccount" in error.message.lower()
    return error.status == 409 and not field_conflicts(error)


def field_conflicts(error: KubeError) -> list[str]:
    """Fields that another manager owns, as the API server names them."""
    found = [item for item in error.details.get("causes") or [] if item.get("reason") == "FieldManagerConflict"]
    return [f"{item.get('field')}: {item.get('message')}" for item in found]


def describe(error: KubeError, key: ObjectKey) -> tuple[str, str]:
    """Problem and way out of a refusal that stays."""
    conflicts = field_conflicts(error)
    if conflicts:
        return (
            f"somebody else owns fields of {key}: {'; '.join(conflicts)}",
            "take them out of the program, or take them over with --adopt",
        )
    if _is_immutable(error):
        return f"{key}: {error.message}", "rename the object, or delete it by hand if its content may go"
    return f"{key}: {error.message or error.reason}", "mend the object in the program; its name stands in the message"


def _is_immutable(error: KubeError) -> bool:
    return error.status == 422 and any(words in error.message for words in _IMMUTABLE)
