"""How nodes go, all at once: a cloud's notice, pods evicted for as long as that lasts, then no node any more."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from scripts.engine.kube_client import KubeClient, KubeError
from scripts.engine.objects import ObjectKey

AT_ONCE = 8
NOTICE_SECONDS = 30.0
"""The shortest that a cloud gives: Azure's and Google's (AWS gives two minutes)."""
_POLL_SECONDS = 0.2
_MERGE = "application/merge-patch+json"
_NOT_FOUND = 404
_REFUSED = 429


def take_away(client: KubeClient, nodes: Iterable[str]) -> list[str]:
    """Take these nodes away; names of pods whose PodDisruptionBudget let none go before their node did.

    As the clouds' own drains do it: nothing new is put there, pods are evicted, those of DaemonSets are left, and at
    the end of the notice the machine goes, whatever is still on it.
    """
    going = set(nodes)
    with ThreadPoolExecutor(AT_ONCE) as workers:
        list(workers.map(lambda name: _cordon(client, name), going))
        pods = [pod for pod in _pods_on(client, going) if not _of_daemon_set(pod)]
        refused = [name for name in workers.map(lambda pod: _evict(client, pod), pods) if name]
        deadline, evicted = time.monotonic() + NOTICE_SECONDS, {pod["metadata"]["uid"] for pod in pods}
        while time.monotonic() < deadline and evicted & {pod["metadata"]["uid"] for pod in _pods_on(client, going)}:
            time.sleep(_POLL_SECONDS)
        list(workers.map(lambda name: client.delete(ObjectKey("v1", "Node", "", name), "Background"), going))
    return sorted(refused)


def _cordon(client: KubeClient, name: str) -> None:
    client.call("PATCH", client.path_of(ObjectKey("v1", "Node", "", name)), {"spec": {"unschedulable": True}}, _MERGE)


def _pods_on(client: KubeClient, nodes: set[str]) -> list[dict[str, Any]]:
    return [pod for pod in client.list("v1", "Pod") if pod["spec"].get("nodeName") in nodes]


def _of_daemon_set(pod: dict[str, Any]) -> bool:
    return any(owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences") or [])


def _evict(client: KubeClient, pod: dict[str, Any]) -> str | None:
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    path = client.path_of(ObjectKey("v1", "Pod", namespace, name))
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
    try:
        # The client asks for a minute what a budget refuses.
        client.call("POST", f"{path}/eviction", body, "application/json")
    except KubeError as error:
        if error.status == _REFUSED:
            return str(name)
        if error.status != _NOT_FOUND:
            raise
    return None
