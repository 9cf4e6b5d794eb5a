"""What a stack has put into a cluster: the list that pruning works from, kept in the cluster itself.

It is written before anything is applied, so that an interrupted run leaves nothing unknown behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from scripts.engine.graph import Graph, levels
from scripts.engine.kube_client import FIELD_MANAGER, KubeClient
from scripts.engine.objects import STACK_LABEL, ObjectKey, key_of

NAMESPACE = "kube-system"
LIST_THREADS = 8


@dataclass(frozen=True)
class Entry:
    """One object of a stack; `level` is its depth in the dependency graph."""

    api_version: str
    kind: str
    namespace: str
    name: str
    level: int
    retain: bool = False
    protect: bool = False

    @property
    def key(self) -> ObjectKey:
        """The object's identity."""
        return ObjectKey(self.api_version, self.kind, self.namespace, self.name)


Identity = tuple[str, str, str, str]


def identity(key: ObjectKey) -> Identity:
    """The same object under any version of its API."""
    return (key.group, key.kind, key.namespace, key.name)


def entries_of(graph: Graph) -> list[Entry]:
    """Every object of a graph."""
    depth = levels(graph.by_urn())
    return [
        Entry(
            **asdict(key_of(resource.inputs)),
            level=depth[resource.urn],
            retain=resource.retain_on_delete,
            protect=resource.protect,
        )
        for resource in graph.kubernetes_objects()
    ]


def read_inventory(client: KubeClient, stack: str) -> list[Entry]:
    """What earlier runs put there."""
    found = client.get(_key(stack))
    return [Entry(**item) for item in json.loads(((found or {}).get("data") or {}).get("objects", "[]"))]


def write_inventory(client: KubeClient, stack: str, entries: Iterable[Entry]) -> None:
    """Keep the list; the same list again changes nothing in the cluster."""
    ordered = sorted(entries, key=lambda entry: (entry.level, entry.key))
    lines = ",\n".join(json.dumps(asdict(entry), sort_keys=True) for entry in ordered)
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _key(stack).name, "namespace": NAMESPACE},
        "data": {"objects": f"[{lines}]"},
    }
    client.apply(body, force=True)


def forget_inventory(client: KubeClient, stack: str) -> None:
    """Nothing of the stack is left, so neither is its list."""
    client.delete(_key(stack), "Background")


def merged(before: Iterable[Entry], now: Iterable[Entry]) -> list[Entry]:
    """Both lists, each object once; what the program says now wins."""
    found = {identity(entry.key): entry for entry in before}
    return list({**found, **{identity(entry.key): entry for entry in now}}.values())


def snapshot(client: KubeClient, stack: str, kinds: Iterable[tuple[str, str]]) -> dict[Identity, dict[str, Any]]:
    """Live objects that carry the stack's label, of the kinds given: one call a kind instead of one an object."""

    def listed(wanted: tuple[str, str]) -> list[dict[str, Any]]:
        return client.list(*wanted, labelSelector=f"{STACK_LABEL}={stack}")

    with ThreadPoolExecutor(LIST_THREADS) as pool:
        found = [item for items in pool.map(listed, sorted(set(kinds))) for item in items]
    return {identity(key_of(item)): item for item in found}


def managers(live: dict[str, Any]) -> list[str]:
    """Names of whoever owns fields of an object."""
    return [str(item.get("manager")) for item in (live.get("metadata") or {}).get("managedFields") or []]


def is_ours(live: dict[str, Any]) -> bool:
    """Whether this engine applied it; controllers copy labels to objects of their own, but not field managers."""
    return FIELD_MANAGER in managers(live)


def _key(stack: str) -> ObjectKey:
    return ObjectKey("v1", "ConfigMap", NAMESPACE, f"aigc-inventory-{stack}")
