"""What pruning deletes, and in which order."""

from __future__ import annotations

from typing import Any

from scripts.engine.inventory import Entry, identity
from scripts.engine.kube_client import FIELD_MANAGER
from scripts.engine.objects import key_of
from scripts.engine.prune import leftovers


def live_object(api_version: str, kind: str, name: str, *, owned: bool = False, ours: bool = True) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "managedFields": [{"manager": FIELD_MANAGER if ours else "somebody"}]}
    if owned:
        metadata["ownerReferences"] = [{"kind": "Namespace", "name": "knative-serving"}]
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


WEBHOOK = live_object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "judge", owned=True)
SERVER = live_object("apps/v1", "Deployment", "webhook")
SETTINGS = live_object("v1", "ConfigMap", "settings")


def entry_of(body: dict[str, Any], level: int) -> Entry:
    key = key_of(body)
    return Entry(key.api_version, key.kind, key.namespace, key.name, level=level)


def doomed(*live: dict[str, Any], before: list[Entry], wanted: list[Entry] | None = None) -> list[str]:
    found = leftovers({identity(key_of(body)): body for body in live}, before, wanted or [])
    return [entry.name for entry in found]


def test_the_last_made_goes_first_also_when_a_controller_wrote_an_owner_into_it() -> None:
    before = [entry_of(SETTINGS, 1), entry_of(SERVER, 2), entry_of(WEBHOOK, 3)]
    assert doomed(SETTINGS, SERVER, WEBHOOK, before=before) == ["judge", "webhook", "settings"]


def test_what_is_wanted_stays() -> None:
    before = [entry_of(SETTINGS, 1), entry_of(SERVER, 2)]
    assert doomed(SETTINGS, SERVER, before=before, wanted=[entry_of(SETTINGS, 1)]) == ["webhook"]


def test_an_object_of_ours_that_no_inventory_names_goes_unless_somebody_owns_it() -> None:
    assert doomed(SETTINGS, WEBHOOK, before=[]) == ["settings"]


def test_what_somebody_else_applied_stays() -> None:
    assert doomed(live_object("v1", "ConfigMap", "theirs", ours=False), before=[]) == []
