"""Nodes that Karpenter made, and pods on them, as the API server has them at one time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aigc.catalog.labels import ENDPOINT_LABEL, MODELS_NAMESPACE, POOL_LABEL
from aigc.plan.stack_plan import StackPlan
from scripts.engine.kube_client import KubeClient

Body = dict[str, Any]
NODE_POOL_LABEL = "karpenter.sh/nodepool"
NOT_RUNNING = "not running"
"""In the place of a pool: pods that no node took, or on which they do not run yet."""


@dataclass(frozen=True)
class MadeNode:
    """A node of Karpenter's, and how many pods of the stack's are on it."""

    name: str
    pool: str
    labels: Mapping[str, str]
    taints: tuple[tuple[str, str, str], ...]
    """Key, value, effect."""
    pods: int

    @property
    def machine_type(self) -> str:
        """What was chosen of the machines on offer."""
        return self.labels.get("node.kubernetes.io/instance-type", "")

    @property
    def capacity(self) -> str:
        """How it is paid for."""
        return self.labels.get("karpenter.sh/capacity-type", "")

    @property
    def zone(self) -> str:
        """Where it is."""
        return self.labels.get("topology.kubernetes.io/zone", "")


@dataclass(frozen=True)
class Sight:
    """What there is at one time."""

    placed: Mapping[str, Mapping[str, int]]
    """Endpoint -> pool, or `NOT_RUNNING` -> its pods there."""
    made: tuple[MadeNode, ...]

    def as_json(self) -> dict[str, Any]:
        """What a report needs of it."""
        nodes = Counter(f"{one.pool}: {one.machine_type}, {one.capacity}, {one.zone}" for one in self.made)
        return {"placed": self.placed, "made": dict(sorted(nodes.items()))}


def look(client: KubeClient, plan: StackPlan) -> Sight:
    """Nodes and pods of now."""
    return sight_of(plan, client.list("v1", "Node"), client.list("v1", "Pod", MODELS_NAMESPACE))


def sight_of(plan: StackPlan, nodes: Iterable[Body], pods: Iterable[Body]) -> Sight:
    """The same out of objects; pods that are ending are none."""
    nodes = list(nodes)
    pool_of = {one["metadata"]["name"]: _pool(one) for one in nodes}
    placed = {endpoint.name: Counter[str]() for endpoint in plan.endpoints}
    on_node: Counter[str] = Counter()
    for pod in pods:
        if pod["metadata"].get("deletionTimestamp"):
            continue
        node_name = pod["spec"].get("nodeName", "")
        on_node[node_name] += 1
        runs = node_name in pool_of and pod.get("status", {}).get("phase") == "Running"
        placed[pod["metadata"]["labels"][ENDPOINT_LABEL]][pool_of[node_name] if runs else NOT_RUNNING] += 1
    made = tuple(_made(one, on_node[one["metadata"]["name"]]) for one in nodes if NODE_POOL_LABEL in _labels(one))
    return Sight({name: dict(counter) for name, counter in placed.items()}, made)


def _labels(node: Body) -> dict[str, str]:
    labels: dict[str, str] = node["metadata"].get("labels") or {}
    return labels


def _pool(node: Body) -> str:
    labels = _labels(node)
    return labels.get(NODE_POOL_LABEL) or labels.get(POOL_LABEL, "")


def _made(node: Body, pods: int) -> MadeNode:
    taints = node["spec"].get("taints") or []
    known = tuple(sorted((one["key"], one.get("value", ""), one["effect"]) for one in taints))
    return MadeNode(node["metadata"]["name"], _pool(node), _labels(node), known, pods)
