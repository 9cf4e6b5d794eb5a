"""Deletes what left the program, in the reverse of the order in which it was made."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aigc.catalog.faults import Fault
from scripts.engine.executor import Notes, walk
from scripts.engine.graph import KIND_RANK, LAST_RANK
from scripts.engine.inventory import Entry, Identity, identity, is_ours
from scripts.engine.kube_client import KubeClient, KubeError
from scripts.engine.objects import STACK_LABEL, key_of
from scripts.engine.readiness import annotation
from scripts.engine.waiting import NotReadyError, wait_gone
from scripts.progress import Progress

GONE_SECONDS = 300.0
MOST_LINES = 8
PROPAGATION = "pulumi.com/deletionPropagationPolicy"


def leftovers(live: Mapping[Identity, dict[str, Any]], before: Iterable[Entry], wanted: Iterable[Entry]) -> list[Entry]:
    """Objects of ours in the cluster that the program no longer declares, first to go first."""
    kept = {identity(entry.key) for entry in wanted}
    known = {identity(entry.key): entry for entry in before}
    found = []
    for name, body in live.items():
        if name in kept or not is_ours(body):
            continue
        if entry := known.get(name):
            # An owner does not matter here: Knative's webhook writes its namespace as owner into its configurations.
            # Left to that, they would refuse every later deletion once nothing answers behind them.
            found.append(entry)
        elif not (body.get("metadata") or {}).get("ownerReferences"):
            found.append(_unlisted(body))
    return sorted(found, key=_deletion_order)


def prune(client: KubeClient, doomed: list[Entry], live: Mapping[Identity, dict[str, Any]], progress: Progress) -> int:
    """Delete level by level; what is to be retained only loses our label. Returns how many objects were deleted."""
    count, notes = 0, Notes(progress.note)
    for _, group in itertools.groupby(doomed, key=lambda entry: (entry.level, _late(entry))):
        entries = {str(entry.key): entry for entry in group}

        def remove(name: str, entries: Mapping[str, Entry] = entries) -> None:
            entry = entries[name]
            try:
                _remove(client, entry, live[identity(entry.key)], notes.say(name))
            finally:
                notes.done(name)

        outcome = walk(dict.fromkeys(entries, ()), remove, threading.Event(), notes.report)
        for _, error in sorted(outcome.errors.items()):
            raise error
        _tell(list(entries.values()), progress)
        count += sum(not entry.retain for entry in entries.values())
    return count


def protected(doomed: Iterable[Entry]) -> list[Fault]:
    """Objects that may not be deleted although they left the program."""
    return [
        Fault(
            str(entry.key),
            "it left the program but is protected",
            "put it back, or apply once with `protect=False` before taking it out",
        )
        for entry in doomed
        if entry.protect
    ]


def _tell(entries: list[Entry], progress: Progress) -> None:
    """A line an object while that can be read, else one for the lot."""
    for entry in entries[:MOST_LINES]:
        progress.note(f"{'let go' if entry.retain else 'deleted'}: {entry.key}")
    if len(entries) > MOST_LINES:
        progress.note(f"… and {len(entries) - MOST_LINES} more")


def _remove(client: KubeClient, entry: Entry, live: dict[str, Any], say: Callable[[str], None]) -> None:
    if entry.retain:
        patch = {"metadata": {"labels": {STACK_LABEL: None}}}
        client.call("PATCH", client.path_of(entry.key), patch, "application/merge-patch+json")
        return
    policy = annotation(live, PROPAGATION).lower()
    propagation = {"orphan": "Orphan", "background": "Background"}.get(policy, "Foreground")
    try:
        if client.delete(entry.key, propagation):
            wait_gone(client, entry.key, GONE_SECONDS, say)
    except KubeError as error:
        raise NotReadyError(f"{entry.key} cannot be deleted: {error.message}", []) from error


def _late(entry: Entry) -> int:
    """Namespaces and CRDs take their content with them, so they go after everything of the same level."""
    return KIND_RANK.get(entry.kind, LAST_RANK)


def _deletion_order(entry: Entry) -> tuple[int, int, Any]:
    return (-entry.level, -_late(entry), entry.key)


def _unlisted(body: dict[str, Any]) -> Entry:
    """An object that no inventory names: its kind says how early it was made."""
    key = key_of(body)
    return Entry(key.api_version, key.kind, key.namespace, key.name, level=KIND_RANK.get(key.kind, LAST_RANK))
