"""The resource graph of one stack: what the program declared, in an order in which it can be made."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

GRAPH_VERSION = 1
STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"

# Kinds that others silently stand on come first among objects that do not depend on each other, so that a rendered
# folder reads in the order an experienced person would apply it.
KIND_RANK = {
    "Namespace": 0,
    "CustomResourceDefinition": 1,
    "PriorityClass": 2,
    "ServiceAccount": 3,
    "ClusterRole": 4,
    "Role": 4,
    "ClusterRoleBinding": 5,
    "RoleBinding": 5,
    "NetworkPolicy": 6,
    "ConfigMap": 7,
    "Secret": 7,
    "Service": 8,
}
LAST_RANK = 20


@dataclass(frozen=True)
class Resource:
    """One registered resource; values are in wire form (`wire.py`), lists of URNs are sorted."""

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    provider: str = ""
    """URN of the provider; its id is left out because it is unknown in a preview."""
    providers: dict[str, str] = field(default_factory=dict)
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    """Outputs a component registered."""
    protect: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    delete_before_replace: bool = False
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    timeouts: dict[str, str] = field(default_factory=dict)
    import_id: str = ""
    version: str = ""
    read: bool = False
    """Read from what exists (`X.get`), never made by this stack."""

    @property
    def is_kubernetes_object(self) -> bool:
        """Whether it is one object of a Kubernetes API, typed or custom."""
        return (
            self.custom
            and self.type.startswith("kubernetes:")
            and "apiVersion" in self.inputs
            and "kind" in self.inputs
            and not self.read
        )

    @property
    def is_release(self) -> bool:
        """Whether it is a Helm Release, whose objects only Helm knows."""
        return self.type.startswith("kubernetes:helm.sh/") and self.type.endswith(":Release")


@dataclass(frozen=True)
class Graph:
    """Every resource of a stack in dependency order, and the stack's outputs."""

    project: str
    stack: str
    resources: tuple[Resource, ...]
    outputs: dict[str, Any]
    version: int = GRAPH_VERSION

    def by_urn(self) -> dict[str, Resource]:
        """Resources by URN."""
        return {resource.urn: resource for resource in self.resources}

    def kubernetes_objects(self) -> tuple[Resource, ...]:
        """Only the Kubernetes objects, in apply order."""
        return tuple(resource for resource in self.resources if resource.is_kubernetes_object)

    def to_json(self) -> str:
        """One text for one graph: two runs of the same program give the same bytes."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Graph:
        """The graph that `to_json` wrote."""
        raw = json.loads(text)
        names = {item.name for item in fields(Resource)}
        resources = tuple(Resource(**{k: v for k, v in entry.items() if k in names}) for entry in raw["resources"])
        return Graph(raw["project"], raw["stack"], resources, raw["outputs"], raw["version"])


def make_graph(project: str, stack: str, resources: Iterable[Resource], outputs: dict[str, Any]) -> Graph:
    """Build a graph in canonical order, whatever order the program's threads registered in."""
    return Graph(project, stack, tuple(in_order(resources)), outputs)


def predecessors(resources: Mapping[str, Resource]) -> dict[str, set[str]]:
    """What must exist before each resource: parent, provider, dependencies and what it is deleted with.

    A component's own dependencies hold for its children too: the program creates them only afterwards.
    """
    edges: dict[str, set[str]] = {}
    for urn, resource in resources.items():
        wanted = {resource.parent, resource.provider, resource.deleted_with, *resource.dependencies}
        for urns in resource.property_dependencies.values():
            wanted.update(urns)
        edges[urn] = {other for other in wanted if other in resources and other != urn}
    return edges


def in_order(resources: Iterable[Resource]) -> list[Resource]:
    """Dependency order; among what could come next, by kind, then by URN. A cycle is a ValueError."""
    by_urn = {resource.urn: resource for resource in resources}
    missing = predecessors(by_urn)
    followers: dict[str, list[str]] = {urn: [] for urn in by_urn}
    for urn, wanted in missing.items():
        for other in wanted:
            followers[other].append(urn)
    ready = [(_rank(by_urn[urn]), urn) for urn, wanted in missing.items() if not wanted]
    heapq.heapify(ready)
    order: list[Resource] = []
    while ready:
        _, urn = heapq.heappop(ready)
        order.append(by_urn[urn])
        for follower in followers[urn]:
            missing[follower].discard(urn)
            if not missing[follower]:
                heapq.heappush(ready, (_rank(by_urn[follower]), follower))
    if len(order) != len(by_urn):
        stuck = sorted(set(by_urn) - {resource.urn for resource in order})
        raise ValueError(f"dependency cycle among {', '.join(stuck[:5])}")
    return order


def levels(resources: Mapping[str, Resource]) -> dict[str, int]:
    """Longest distance of each resource from the start; what shares a level may be made or deleted together."""
    edges = predecessors(resources)
    depth: dict[str, int] = {}
    for resource in in_order(resources.values()):
        depth[resource.urn] = max((depth[other] + 1 for other in edges[resource.urn]), default=0)
    return depth


def _rank(resource: Resource) -> int:
    if resource.type == STACK_TYPE:
        return -3
    if resource.type.startswith(PROVIDER_PREFIX):
        return -2
    if not resource.custom:
        return -1
    return KIND_RANK.get(str(resource.inputs.get("kind", "")), LAST_RANK)
