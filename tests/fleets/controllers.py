"""What acts in a fleet: real definitions for all, Knative's own controllers for what pods come of (KEDA: `keda.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from aigc.catalog.labels import KNATIVE_NAMESPACE
from aigc.foundation.keda import COMPONENT as KEDA
from aigc.foundation.knative import COMPONENT as KNATIVE
from aigc.foundation.manifest import with_data, with_own_webhook_rules, without_aggregated_rules
from scripts.engine.kube_client import KubeClient
from scripts.engine.objects import key_of
from scripts.local.cluster import layout as at
from tests.fleets.control_plane import ControlPlane
from tests.fleets.keda import has_scalers
from tests.fleets.manifests import bodies_of
from tests.fleets.neighbours import Neighbour, Neighbours, endpoints_of, without_selector
from tests.fleets.wave import AT_ONCE

Body = dict[str, Any]
Config = Mapping[str, Mapping[str, str]]

GO_GROUPS = ("knative", "keda")
"""What their programs are built in."""
_MANIFESTS = (KNATIVE, KEDA, "prometheus-operator")
_KNATIVE_PROCESSES = ("webhook", "controller", "autoscaler")
_KNATIVE_SETTINGS = ("ConfigMap", "Secret", "ServiceAccount", "ClusterRole")
_QUEUE_IMAGE = "dev.local/knative-queue"
READY_SECONDS = 60


class Controllers:
    """What is there before a stack's own objects."""

    def __init__(self, plane: ControlPlane, neighbours: Neighbours) -> None:
        self._plane, self._client, self._neighbours = plane, plane.client, neighbours
        self.processes: dict[str, Neighbour] = {}

    def define(self, rendered: Iterable[Body], more: Iterable[Body]) -> None:
        """All kinds of whose controllers act here, and those of the others that the stack declares."""
        rendered = list(rendered)
        declared = {body.get("kind") for body in rendered}
        # Its operator waits for all of its kinds, also for those that no stack has.
        acting = {KNATIVE, KEDA} if has_scalers(rendered) else {KNATIVE}
        found = [
            body
            for name in _MANIFESTS
            for body in bodies_of(name)
            if body["kind"] == "CustomResourceDefinition"
            and (name in acting or body["spec"]["names"]["kind"] in declared)
        ]
        wanted = [*found, *more]
        with ThreadPoolExecutor(AT_ONCE) as workers:
            list(workers.map(lambda body: self._client.apply(body, force=True), wanted))
        for body in wanted:
            self._plane.wait("kube-apiserver", partial(not_established, self._client, body))

    def start_knative(self, binaries: Path, config: Config) -> None:
        """Settings, then the webhook, and only then whoever makes objects that it is to judge."""
        settings = {**config, "config-deployment": {**config["config-deployment"], "queue-sidecar-image": _QUEUE_IMAGE}}
        bodies = [with_own_webhook_rules(without_aggregated_rules(body)) for body in bodies_of(KNATIVE)]
        by_kind = {
            kind: [body for body in bodies if body["kind"] == kind] for kind in {body["kind"] for body in bodies}
        }
        for kind in _KNATIVE_SETTINGS:
            for body in by_kind.get(kind, []):
                self._client.apply(with_data(body, settings), force=True)
        for body in _activator_endpoints(KNATIVE_NAMESPACE):
            self._client.apply(body, force=True)
        deployments = {body["metadata"]["name"]: body for body in by_kind["Deployment"]}
        services = {body["metadata"]["name"]: body for body in by_kind["Service"]}
        for name in _KNATIVE_PROCESSES:
            neighbour = self._neighbours.start(deployments[name], binaries / name)
            self.processes[name] = neighbour
            for body in endpoints_of(services[name], neighbour):
                self._client.apply(body, force=True)
            if name == "webhook":
                self._judged_by_webhook([body for body in bodies if body["kind"].endswith("WebhookConfiguration")])

    def _judged_by_webhook(self, configurations: list[Body]) -> None:
        for body in configurations:
            self._client.apply(body, force=True)
        for body in configurations:
            self._plane.wait("webhook", partial(_without_authority, self._client, body), READY_SECONDS)


def _activator_endpoints(namespace: str) -> list[Body]:
    """Where activators would be: a revision without pods is only routable, and so only settled, with one."""
    (service,) = [body for body in bodies_of(KNATIVE) if body["metadata"]["name"] == "activator-service"]
    ports = [{key: port[key] for key in ("name", "port")} for port in service["spec"]["ports"]]
    where = {"addresses": [{"ip": at.NODE_IP}], "ports": ports}
    endpoints = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": "activator-service", "namespace": namespace},
        "subsets": [where],
    }
    return [without_selector(service), endpoints]


def not_established(client: KubeClient, body: Body) -> str:
    """What is missing until objects of a definition can be applied; empty when nothing is."""
    live = client.get(key_of(body)) or {}
    conditions = {one["type"]: one["status"] for one in (live.get("status") or {}).get("conditions") or []}
    return "" if conditions.get("Established") == "True" else f"{body['metadata']['name']} is not established"


def _without_authority(client: KubeClient, body: Body) -> str:
    live = client.get(key_of(body)) or {}
    ready = all(hook["clientConfig"].get("caBundle") and hook.get("rules") for hook in live.get("webhooks", []))
    return "" if live and ready else f"{body['metadata']['name']}: the webhook has not written its rules"
