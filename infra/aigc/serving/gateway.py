"""The way in, on clusters of ours: Envoy fed from Knative's Ingress objects and the steady endpoints by a controller.

On clouds Kourier does this and comes with Knative; whether a stack has this gateway is said by its components.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from ipaddress import ip_interface
from pathlib import Path

import pulumi

from aigc.catalog.labels import GATEWAY_NAMESPACE
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.cluster.pod_security import NONROOT_UID, container_security_context
from aigc.foundation.foundation import Foundation, component_of
from aigc.foundation.yaml_documents import documents
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component

COMPONENT = "gateway"
NODE_PORT = 30080
_FOLDER = Path("k8s/local/gateway")
_LABELS = {"app.kubernetes.io/name": "gateway"}
_ACCOUNT = "gateway-controller"
_RBAC = "rbac.authorization.k8s.io"
_DRAIN_SECONDS = 15
"""The controller tells Envoy to drain when the pod ends; Envoy itself is kept for as long."""
_GRACE_SECONDS = 40


def gateway_bodies(bootstrap: str, envoy_image: str, controller_image: str) -> list[Body]:
    """The ConfigMap, the two Services and the Deployment."""
    return [
        _config(bootstrap),
        _service("gateway", 8080, {"type": "NodePort"}, NODE_PORT),
        _service("gateway-internal", 8081, {"type": "ClusterIP"}, None),
        _deployment(bootstrap, envoy_image, controller_image),
    ]


def access_bodies(rights: str) -> list[Body]:
    """The controller's account, its ClusterRole as written in `rbac.yaml`, and the binding of the two."""
    subject = {"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": GATEWAY_NAMESPACE}
    binding = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": _ACCOUNT},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": _ACCOUNT},
        "subjects": [subject],
    }
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata(_ACCOUNT)}
    return [account, *documents(rights, lambda kind, name: kind == "ClusterRole"), binding]


def _metadata(name: str) -> Body:
    return {"name": name, "namespace": GATEWAY_NAMESPACE, "labels": dict(_LABELS)}


def _config(bootstrap: str) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata("gateway"),
        "data": {"envoy.yaml": bootstrap},
    }


def _service(name: str, target: int, spec: Body, node_port: int | None) -> Body:
    port: Body = {"name": "http2", "port": 80, "targetPort": target, "protocol": "TCP"}
    if node_port is not None:
        port["nodePort"] = node_port
    spec = {**spec, "selector": dict(_LABELS), "ports": [port]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(name), "spec": spec}


def _deployment(bootstrap: str, envoy_image: str, controller_image: str) -> Body:
    # Envoy reads its bootstrap once: the hash makes new pods of a new one.
    digest = hashlib.sha256(bootstrap.encode()).hexdigest()[:16]
    pod = {
        "serviceAccountName": _ACCOUNT,
        # Else the Service `gateway-internal` would set GATEWAY_INTERNAL_PORT, a setting of the controller.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "initContainers": [_init(controller_image)],
        "containers": [_envoy(envoy_image), _controller(controller_image)],
        "volumes": [
            {"name": "xds", "emptyDir": {"sizeLimit": "64Mi"}},
            {"name": "bootstrap", "configMap": {"name": "gateway"}},
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata("gateway"),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": dict(_LABELS)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {"labels": dict(_LABELS), "annotations": {"aigc/bootstrap": digest}},
                "spec": pod,
            },
        },
    }


def _container(name: str, image: str, args: list[str], cpu: str, memory: str) -> Body:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": args,
        "securityContext": container_security_context(NONROOT_UID),
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": "512Mi"}},
    }


def _init(image: str) -> Body:
    mounts = [{"name": "xds", "mountPath": "/xds"}]
    return {**_container("init-xds", image, ["init"], "10m", "32Mi"), "volumeMounts": mounts}


def _envoy(image: str) -> Body:
    args = ["-c", "/etc/envoy/envoy.yaml", "--concurrency", "2", "--disable-hot-restart", "--log-level", "warning"]
    # Envoy's default holds lines of the access log back for 10 s; whoever looks for a request looks at once.
    args += ["--file-flush-interval-msec", "250"]
    ready = {"httpGet": {"path": "/ready", "port": 9090}}
    return {
        **_container("envoy", image, args, "50m", "64Mi"),
        "ports": [
            {"name": "external", "containerPort": 8080},
            {"name": "internal", "containerPort": 8081},
            {"name": "metrics", "containerPort": 9090},
        ],
        "startupProbe": {**ready, "periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {**ready, "periodSeconds": 5},
        # A draining Envoy answers 503 at /ready and must not be restarted for it.
        "livenessProbe": {"tcpSocket": {"port": 9090}, "periodSeconds": 10},
        "lifecycle": {"preStop": {"sleep": {"seconds": _DRAIN_SECONDS}}},
        "volumeMounts": [
            {"name": "xds", "mountPath": "/xds", "readOnly": True},
            {"name": "bootstrap", "mountPath": "/etc/envoy", "readOnly": True},
        ],
    }


def _controller(image: str) -> Body:
    return {
        **_container("controller", image, ["run"], "50m", "64Mi"),
        "env": [
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "PYTHONUNBUFFERED", "value": "1"},
        ],
        "ports": [{"name": "health", "containerPort": 8090}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8090}, "periodSeconds": 2},
        "livenessProbe": {"httpGet": {"path": "/livez", "port": 8090}, "periodSeconds": 10, "failureThreshold": 6},
        "volumeMounts": [{"name": "xds", "mountPath": "/xds"}],
    }


class Gateway(Component):
    """Envoy and its controller."""

    LAYER = "serving"

    def __init__(
        self, name: str, plan: StackPlan, cluster: ClusterHandle, folder: Path, after: Sequence[pulumi.Resource]
    ) -> None:
        super().__init__(name)
        granted = add_objects(cluster, self, access_bodies((folder / "rbac.yaml").read_text()), after)
        bootstrap = (folder / "envoy-bootstrap.yaml").read_text()
        bodies = gateway_bodies(bootstrap, plan.images["envoy"], plan.images["gateway-controller"])
        self.ready: tuple[pulumi.Resource, ...] = add_objects(cluster, self, bodies, (*after, *granted))
        self.done({"namespace": GATEWAY_NAMESPACE, "node_port": NODE_PORT})


def build_gateway(
    plan: StackPlan, cluster: ClusterHandle, foundation: Foundation, root: Path
) -> tuple[pulumi.Resource, ...]:
    """The gateway where the stack brings its own; its controller watches Knative's CRDs, so it comes after them."""
    if component_of(plan, COMPONENT) is None:
        return ()
    after = (*foundation.namespaces, *foundation.knative)
    return Gateway("gateway", plan, cluster, root / _FOLDER, after).ready


def gateway_address(plan: StackPlan) -> str | None:
    """Where requests go, host and port; None where the address is a load balancer's, which only the cluster knows."""
    if component_of(plan, COMPONENT) is None or plan.cluster.node_cidr is None:
        return None
    return f"{ip_interface(plan.cluster.node_cidr).ip}:{NODE_PORT}"
