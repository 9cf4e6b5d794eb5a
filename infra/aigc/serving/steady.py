"""An endpoint as a Deployment that is always there, reached through the same gateway at the same kind of host.

The mux is a native sidecar (an init container that restarts): it gets its SIGTERM after Triton has ended. As a plain
container Envoy would exit at once and cut the requests that Triton is still answering.
"""

from __future__ import annotations

from aigc.catalog.labels import ENDPOINT_LABEL, MODELS_NAMESPACE
from aigc.cluster.kubernetes_object import Body
from aigc.plan.stack_plan import Autoscaler, EndpointPlan
from aigc.serving.triton import MUX_PORT, PodImages, await_annotations, pod_annotations, pod_labels, pod_spec

_DRAIN_SECONDS = 5
"""Between leaving the gateway's endpoints and Triton's SIGTERM: the gateway learns of it within about a second."""
_MARGIN_SECONDS = 5
_HUNG_GRACE_SECONDS = 10
"""A hung Triton does not heed SIGTERM, and the pod's grace is as long as its longest request. Knative's schema has no
such field: there a hung one is killed when the request timeout is over."""


def steady_bodies(endpoint: EndpointPlan, images: PodImages, mux_config: str) -> list[Body]:
    """The Service and the Deployment."""
    return [_service(endpoint), _deployment(endpoint, images, mux_config)]


def _selector(endpoint: EndpointPlan) -> dict[str, str]:
    return {ENDPOINT_LABEL: endpoint.name, "aigc/mode": endpoint.mode.value}


def _service(endpoint: EndpointPlan) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": endpoint.name,
            "namespace": MODELS_NAMESPACE,
            "labels": {ENDPOINT_LABEL: endpoint.name},
            "annotations": {"aigc/host": endpoint.host},
        },
        "spec": {
            "type": "ClusterIP",
            "selector": _selector(endpoint),
            "ports": [
                {
                    "name": "h2c",
                    "port": 80,
                    "targetPort": MUX_PORT,
                    "protocol": "TCP",
                    "appProtocol": "kubernetes.io/h2c",
                }
            ],
        },
    }


def _deployment(endpoint: EndpointPlan, images: PodImages, mux_config: str) -> Body:
    scaling = endpoint.scaling.autoscaler
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": endpoint.name,
            "namespace": MODELS_NAMESPACE,
            "labels": {ENDPOINT_LABEL: endpoint.name},
            "annotations": await_annotations(endpoint),
        },
        "spec": {
            # An autoscaler's number is its own: written here, each apply would take its replicas away.
            **({"replicas": endpoint.scaling.min_replicas} if scaling is Autoscaler.NONE else {}),
            "progressDeadlineSeconds": endpoint.scaling.progress_deadline_seconds,
            "selector": {"matchLabels": _selector(endpoint)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {
                    "labels": {**pod_labels(endpoint), **_selector(endpoint)},
                    "annotations": dict(pod_annotations(endpoint)),
                },
                "spec": _draining(pod_spec(endpoint, images, mux_config), endpoint),
            },
        },
    }


def _draining(spec: Body, endpoint: EndpointPlan) -> Body:
    triton, mux = spec["containers"]
    mux = {**mux, "restartPolicy": "Always", "readinessProbe": {**mux["readinessProbe"], "periodSeconds": 2}}
    triton = {
        **triton,
        "lifecycle": {"preStop": {"sleep": {"seconds": _DRAIN_SECONDS}}},
        "livenessProbe": {**triton["livenessProbe"], "terminationGracePeriodSeconds": _HUNG_GRACE_SECONDS},
    }
    grace = _DRAIN_SECONDS + endpoint.scaling.request_timeout_seconds + _MARGIN_SECONDS
    return {
        **spec,
        "initContainers": [mux],
        "containers": [triton],
        "terminationGracePeriodSeconds": grace,
    }
