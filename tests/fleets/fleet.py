"""A stack's Kubernetes layer on nodes that its pools would make."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from aigc.catalog.labels import ENDPOINT_LABEL, MODELS_NAMESPACE
from aigc.plan.stack_plan import Autoscaler, EndpointPlan, ServingMode, StackPlan
from scripts.engine.kube_client import KubeClient
from scripts.engine.objects import ObjectKey
from tests.fleets.footprints import STAND_IN_LABEL, Footprint, budgets, footprints
from tests.fleets.nodes import node
from tests.fleets.scenes import WAITING, Placed, or_else
from tests.fleets.stand_ins import StandIn, difference, hurried
from tests.fleets.traffic import Activator
from tests.fleets.wave import AT_ONCE, take_away

Body = dict[str, Any]
QUIET_SECONDS = 3.0
"""Without a change of pods: then controllers and scheduler have said what they had to say."""
POLL_SECONDS = 0.5
IN_FLIGHT = 1000.0
"""Requests to each endpoint: more than its replicas ever take."""
_MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Sight:
    """Pods at one time."""

    endpoints: Placed
    stand_ins: Placed
    on_nodes: Mapping[str, tuple[str, str]]
    """Id of a pod that has a node -> its name and its node's."""
    waits: tuple[str, ...]
    """Pods that have none, each with the pools that could take it."""


class Fleet:
    """Nodes, rendered objects and what becomes of both."""

    def __init__(self, client: KubeClient, plan: StackPlan, *, hurry: bool) -> None:
        self._client, self._plan, self.hurry = client, plan, hurry
        self._pool_of: dict[str, str] = {}
        self._made: Counter[str] = Counter()
        self.differences: list[StandIn] = []
        self.stand_ins: list[Footprint] = []

    @property
    def nodes(self) -> frozenset[str]:
        """Names of the nodes that are there."""
        return frozenset(self._pool_of)

    def have(self, wanted: Mapping[str, int]) -> list[str]:
        """So many nodes of every pool, or none of one; names of pods whose budget let none go before their node."""
        there = Counter(self._pool_of.values())
        going = [name for name, pool in self._pool_of.items() if not wanted[pool]]
        # Not by a label: nodes that are there already have none of ours.
        self._pool_of = {name: pool for name, pool in self._pool_of.items() if wanted[pool]}
        refused = take_away(self._client, going) if going else []
        self._add({pool: number - there[pool] for pool, number in wanted.items() if number > there[pool]})
        return refused

    def _add(self, more: Mapping[str, int]) -> None:
        bodies: list[Body] = []
        for pool in self._plan.pools:
            for _ in range(more.get(pool.name, 0)):
                # A machine that comes later is another one: its number is new.
                body = node(self._plan, pool, self._made[pool.name])
                self._made[pool.name] += 1
                self._pool_of[body["metadata"]["name"]] = pool.name
                bodies.append(body)
        with ThreadPoolExecutor(AT_ONCE) as workers:
            list(workers.map(self._add_node, bodies))

    def _add_node(self, body: Body) -> None:
        self._client.apply(body, force=True)
        # A node's size is part of its status, which whoever registers it writes apart.
        path = self._client.path_of(ObjectKey("v1", "Node", "", body["metadata"]["name"]))
        status = {"apiVersion": "v1", "kind": "Node", "status": body["status"]}
        self._client.call("PATCH", f"{path}/status", status, _MERGE)

    def apply(self, bodies: Iterable[Body]) -> None:
        """Rendered documents in their order, or what stands in for them."""
        for body in bodies:
            found = difference(body)
            applied, hurry = hurried(body) if self.hurry else (body, None)
            self.differences += [one for one in (found, hurry) if one is not None]
            self.stand_ins += footprints(body)
            instead = [*(one.body() for one in footprints(body)), *budgets(body)]
            for one in [applied] if found is None else instead:
                self._client.apply(one, force=True)

    def tell(self, activator: Activator, in_flight: float) -> None:
        """One second of traffic to every endpoint that follows its requests; of none, as its pods would say then."""
        for endpoint in self._plan.endpoints:
            if endpoint.mode is ServingMode.KNATIVE and (revision := self._revision(endpoint)):
                activator.tell(MODELS_NAMESPACE, revision, in_flight)

    def _revision(self, endpoint: EndpointPlan) -> str | None:
        service = self._client.get(ObjectKey("serving.knative.dev/v1", "Service", MODELS_NAMESPACE, endpoint.name))
        name = (service or {}).get("status", {}).get("latestCreatedRevisionName")
        return str(name) if name else None

    def settled(
        self, seconds: float, enough: Callable[[Sight], bool], meanwhile: Callable[[], None] = lambda: None
    ) -> Sight:
        """What there is of pods: as soon as it is enough and quiet, else after so many seconds."""
        deadline, since, before = time.monotonic() + seconds, time.monotonic(), None
        while True:
            now = self.sight()
            # Not by what is said of those that wait: the scheduler says it anew each time.
            if before is None or replace(now, waits=before.waits) != before:
                before, since = now, time.monotonic()
            quiet = time.monotonic() - since > QUIET_SECONDS
            if (quiet and enough(now)) or time.monotonic() > deadline:
                return now
            meanwhile()
            time.sleep(POLL_SECONDS)

    def sight(self) -> Sight:
        """Pods as they are now; not those that are ending, or whose node is gone and nobody has cleared away yet."""
        counted = {one.name: Counter[str]() for one in self._plan.endpoints}
        others = {one.name: Counter[str]() for one in self.stand_ins}
        pools = {one.name: one.pools for one in self._plan.endpoints}
        on_nodes: dict[str, tuple[str, str]] = {}
        waits: list[str] = []
        for pod in self._client.list("v1", "Pod"):
            metadata, node_name = pod["metadata"], pod["spec"].get("nodeName")
            of = self._counter(metadata, counted, others)
            if of is None or metadata.get("deletionTimestamp") or (node_name and node_name not in self._pool_of):
                continue
            of[self._pool_of[node_name] if node_name else WAITING] += 1
            if node_name:
                on_nodes[metadata["uid"]] = (metadata["name"], node_name)
            else:
                where = pools.get(metadata["labels"].get(ENDPOINT_LABEL, ""), ())
                waits.append(f"{metadata['name']} waits for {or_else(where)}{_said(pod)}")
        return Sight(_plain(counted), _plain(others), on_nodes, tuple(sorted(waits)))

    @staticmethod
    def _counter(
        metadata: Body, endpoints: Mapping[str, Counter[str]], stand_ins: Mapping[str, Counter[str]]
    ) -> Counter[str] | None:
        labels = metadata.get("labels") or {}
        if metadata["namespace"] == MODELS_NAMESPACE:
            return endpoints[labels[ENDPOINT_LABEL]]
        return stand_ins.get(labels.get(STAND_IN_LABEL, ""))

    def budgets(self) -> list[Body]:
        """PodDisruptionBudgets as the cluster counts them."""
        return self._client.list("policy/v1", "PodDisruptionBudget")

    def scalers(self) -> list[Body]:
        """ScaledObjects with what KEDA says of them."""
        steady = any(endpoint.scaling.autoscaler is Autoscaler.KEDA for endpoint in self._plan.endpoints)
        return self._client.list("keda.sh/v1alpha1", "ScaledObject") if steady else []


def _said(pod: Body) -> str:
    """Why the scheduler found no node for it; what preemption would change is left out."""
    said = [one["message"] for one in pod["status"].get("conditions") or [] if one.get("message")]
    return f": {said[0].partition(' preemption: ')[0]}" if said else ""


def _plain(found: Mapping[str, Counter[str]]) -> Placed:
    return {name: dict(counter) for name, counter in found.items()}
