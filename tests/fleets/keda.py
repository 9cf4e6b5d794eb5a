"""KEDA beside a fleet's control plane: its operator, and the metrics API that HorizontalPodAutoscalers ask."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from aigc.foundation.keda import COMPONENT as KEDA
from scripts.engine.kube_client import KubeClient
from scripts.engine.objects import ObjectKey, key_of
from scripts.local.cluster.layout import CLUSTER_DOMAIN
from tests.fleets.control_plane import ControlPlane
from tests.fleets.hosts import Hosts
from tests.fleets.manifests import bodies_of
from tests.fleets.neighbours import Neighbours, endpoints_of

Body = dict[str, Any]

_OPERATOR, _METRICS_API = "keda-operator", "keda-metrics-apiserver"
_CERTIFICATES = "/certs"
_NAMESPACE_VARIABLE = "KEDA_CLUSTER_OBJECT_NAMESPACE"
_NOT_SETTINGS = ("CustomResourceDefinition", "Deployment", "Service")


def has_scalers(bodies: Iterable[Body]) -> bool:
    """Whether rendered documents ask KEDA for anything."""
    return any(body.get("kind") == "ScaledObject" for body in bodies)


class Keda:
    """Its two processes, from the pinned manifest."""

    def __init__(self, plane: ControlPlane, neighbours: Neighbours, hosts: Hosts, binaries: Path) -> None:
        self._plane, self._client, self._neighbours, self._hosts = plane, plane.client, neighbours, hosts
        self._binaries = binaries
        self._bodies = bodies_of(KEDA)
        self._certificates = plane.layout.root / "keda-certificates"

    def start(self) -> None:
        """The operator, which at first only makes a certificate, and ends."""
        self._certificates.mkdir(mode=0o700)
        for body in self._bodies:
            if body["kind"] not in _NOT_SETTINGS:
                self._client.apply(body, force=True)
        # There is one of it: an election would only wait until the lease of the one that ended is over.
        self._start(_OPERATOR, "operator", ["--leader-elect=false", f"--cert-dir={self._certificates}"])

    def finish(self) -> None:
        """The operator again, which has a certificate now, and the metrics API, until the API server reaches it."""
        self._plane.wait_for_end(_OPERATOR)
        self._mount_certificates()
        self._plane.run_again(_OPERATOR)
        access = self._plane.layout.kubeconfig
        users = ("lister", "authentication", "authorization")
        self._start(_METRICS_API, "adapter", [f"--{user}-kubeconfig={access}" for user in users])
        (service,) = [body for body in self._bodies if body["kind"] == "APIService"]
        self._plane.wait(_METRICS_API, partial(_not_available, self._client, service))

    def _start(self, name: str, program: str, more: list[str]) -> None:
        deployment, service = (self._body(kind, name) for kind in ("Deployment", "Service"))
        volumes = {_CERTIFICATES: self._certificates}
        # It reads its namespace in a file that only a pod has.
        own = {_NAMESPACE_VARIABLE: deployment["metadata"]["namespace"]}
        neighbour = self._neighbours.start(deployment, self._binaries / program, volumes, more, own)
        self._hosts.lead([f"{name}.{neighbour.namespace}.svc.{CLUSTER_DOMAIN}"], neighbour.address)
        for body in endpoints_of(service, neighbour):
            self._client.apply(body, force=True)

    def _body(self, kind: str, name: str) -> Body:
        return next(body for body in self._bodies if body["kind"] == kind and body["metadata"]["name"] == name)

    def _mount_certificates(self) -> None:
        """What a kubelet would do for both pods."""
        deployment = self._body("Deployment", _METRICS_API)
        (name,) = [
            volume["secret"]["secretName"]
            for volume in deployment["spec"]["template"]["spec"]["volumes"]
            if "secret" in volume
        ]
        secret = self._client.get(ObjectKey("v1", "Secret", deployment["metadata"]["namespace"], name))
        for file, content in ((secret or {}).get("data") or {}).items():
            (self._certificates / file).write_bytes(base64.b64decode(content))


def _not_available(client: KubeClient, body: Body) -> str:
    live = client.get(key_of(body)) or {}
    conditions = {one["type"]: one for one in (live.get("status") or {}).get("conditions") or []}
    available = conditions.get("Available") or {}
    name = body["metadata"]["name"]
    return "" if available.get("status") == "True" else f"{name}: {available.get('message', 'nobody has asked it yet')}"
