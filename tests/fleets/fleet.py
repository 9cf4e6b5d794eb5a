"""A stack's Kubernetes layer on nodes that its pools would make."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aigc.catalog.labels import ENDPOINT_LABEL, MODELS_NAMESPACE
from aigc.plan.stack_plan import EndpointPlan, ServingMode, StackPlan
from scripts.engine.kube_client import KubeClient
from scripts.engine.objects import ObjectKey
from tests.fleets.judge import WAITING, Placed
from tests.fleets.nodes import node
from tests.fleets.stand_ins import StandIn, difference, hurried
from tests.fleets.traffic import Activator

Body = dict[str, Any]
AT_ONCE = 8
QUIET_SECONDS = 3.0
"""Without a change of pods: then controllers and scheduler have said what they had to say."""
POLL_SECONDS = 0.5
IN_FLIGHT = 1000.0
"""Requests to each endpoint: more than its replicas ever take."""
_MERGE = "application/merge-patch+json"


class Fleet:
    """Nodes, rendered objects and what becomes of both."""

    def __init__(self, client: KubeClient, plan: StackPlan, *, hurry: bool) -> None:
        self._client, self._plan, self._hurry = client, plan, hurry
        self._pool_of: dict[str, str] = {}
        self.stand_ins: list[StandIn] = []

    def add_nodes(self, *, most: bool) -> None:
        """The fewest nodes of every pool, or the most."""
        wanted = [
            (pool.name, node(self._plan, pool, index))
            for pool in self._plan.pools
            for index in range(pool.max_nodes if most else pool.min_nodes)
        ]
        # Not by a label: nodes that are there already have none of ours.
        self._pool_of |= {body["metadata"]["name"]: pool for pool, body in wanted}
        with ThreadPoolExecutor(AT_ONCE) as workers:
            list(workers.map(self._add_node, [body for _, body in wanted]))

    def _add_node(self, body: Body) -> None:
        self._client.apply(body, force=True)
        # A node's size is part of its status, which whoever registers it writes apart.
        path = self._client.path_of(ObjectKey("v1", "Node", "", body["metadata"]["name"]))
        status = {"apiVersion": "v1", "kind": "Node", "status": body["status"]}
        self._client.call("PATCH", f"{path}/status", status, _MERGE)

    def apply(self, bodies: Iterable[Body]) -> None:
        """Rendered documents in their order, but for the stand-ins."""
        for body in bodies:
            found = difference(body)
            applied, hurry = hurried(body) if self._hurry else (body, None)
            self.stand_ins += [one for one in (found, hurry) if one is not None]
            if found is None:
                self._client.apply(applied, force=True)

    def scale_steady(self, *, most: bool) -> None:
        """As many replicas of each steady endpoint as its autoscaler asks for at the least, or at the most."""
        for endpoint in self._plan.endpoints:
            if endpoint.mode is ServingMode.STEADY:
                path = self._client.path_of(ObjectKey("apps/v1", "Deployment", MODELS_NAMESPACE, endpoint.name))
                replicas = endpoint.scaling.max_replicas if most else endpoint.scaling.min_replicas
                body = {"spec": {"replicas": replicas}}
                self._client.call("PATCH", f"{path}/scale", body, _MERGE)

    def tell(self, activator: Activator, in_flight: float) -> None:
        """One second of traffic to every endpoint that follows its requests; of none, as its pods would say then."""
        for endpoint in self._plan.endpoints:
            if endpoint.mode is ServingMode.KNATIVE and (revision := self._revision(endpoint)):
                activator.tell(MODELS_NAMESPACE, revision, in_flight)

    def _revision(self, endpoint: EndpointPlan) -> str | None:
        service = self._client.get(ObjectKey("serving.knative.dev/v1", "Service", MODELS_NAMESPACE, endpoint.name))
        name = (service or {}).get("status", {}).get("latestCreatedRevisionName")
        return str(name) if name else None

    def placed(
        self, seconds: float, enough: Callable[[Placed], bool], meanwhile: Callable[[], None] = lambda: None
    ) -> Placed:
        """Where the pods are: as soon as it is enough and quiet, else after so many seconds."""
        deadline, since, before = time.monotonic() + seconds, time.monotonic(), None
        while True:
            now = self._placed()
            if now != before:
                before, since = now, time.monotonic()
            quiet = time.monotonic() - since > QUIET_SECONDS
            if (quiet and enough(now)) or time.monotonic() > deadline:
                return now
            meanwhile()
            time.sleep(POLL_SECONDS)

    def why_waiting(self) -> list[str]:
        """What the scheduler says of pods that no node took."""
        pods = self._client.list("v1", "Pod", MODELS_NAMESPACE)
        said = {
            f"{pod['metadata']['labels'][ENDPOINT_LABEL]}: {one.get('message', one['reason'])}"
            for pod in pods
            if not pod["spec"].get("nodeName")
            for one in pod["status"].get("conditions") or []
            if one.get("reason")
        }
        return sorted(said)

    def _placed(self) -> Placed:
        found: dict[str, Counter[str]] = {endpoint.name: Counter() for endpoint in self._plan.endpoints}
        for pod in self._client.list("v1", "Pod", MODELS_NAMESPACE):
            if pod["metadata"].get("deletionTimestamp"):
                continue
            where = self._pool_of.get(pod["spec"].get("nodeName", ""), WAITING)
            found[pod["metadata"]["labels"][ENDPOINT_LABEL]][where] += 1
        return {name: dict(counter) for name, counter in found.items()}
