"""The pod of an endpoint, computed from its plan: Triton, and in front of it a small Envoy, the mux.

Knative gives a pod one port and Triton has three: the mux takes that one port and sends gRPC to 8001, HTTP to 8000.
Triton is started and watched by a few lines of Python, for reasons that triton_launcher.py gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aigc.catalog.labels import ENDPOINT_LABEL, POOL_LABEL
from aigc.cluster.kubernetes_object import Body
from aigc.cluster.pod_security import NONROOT_UID, container_security_context
from aigc.plan.stack_plan import EndpointPlan
from aigc.serving.model_source import ModelFiles, model_files
from aigc.serving.triton_config import config_mounts, config_volumes

CONTENT_ANNOTATION = "aigc/content-hash"
MUX_PORT = 8080
HTTP_PORT = 8000
GRPC_PORT = 8001
METRICS_PORT = 8002
_SERVER = "/opt/tritonserver/bin/tritonserver"
"""The same place in NVIDIA's image and in the one that is built here."""

_LAUNCHER = Path(__file__).with_name("triton_launcher.py").read_text()

_VERDICT_SECONDS = 30
"""Between the deadline of a version and the condition that says so."""
_LIVENESS_PERIOD_SECONDS = 5
_LIVENESS_FAILURES = 4
"""Triton is asked on its own thread, so a busy one answers; 20 s of silence is a hang, and not a long batch."""
_HEAVIEST = 100
"""Kubernetes' largest weight of a preference."""
_SMALLEST_SHM_MIB = 64
_LARGEST_SHM_MIB = 1024


@dataclass(frozen=True)
class PodImages:
    """References of the two containers."""

    mux: str
    triton: str


def shm_mib(memory_mib: int) -> int:
    """Size of /dev/shm: what the Python backend takes and gives passes through it; it counts as the pod's memory."""
    return min(max(memory_mib // 4, _SMALLEST_SHM_MIB), _LARGEST_SHM_MIB)


def mux_container(image: str) -> Body:
    """The mux: the only port, and the readiness of the whole pod, for it asks Triton."""
    return {
        "name": "mux",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-c", "/etc/envoy/mux.yaml", "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"],
        "ports": [{"name": "h2c", "containerPort": MUX_PORT}],
        # No period: Knative's queue-proxy then asks every few milliseconds until the first yes; a cold start waits.
        "readinessProbe": {"httpGet": {"path": "/v2/health/ready", "port": MUX_PORT}},
        "resources": {"requests": {"cpu": "25m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": container_security_context(NONROOT_UID),
        "volumeMounts": [{"name": "mux", "mountPath": "/etc/envoy", "readOnly": True}],
    }


def triton_command(endpoint: EndpointPlan, files: ModelFiles) -> list[str]:
    """How Triton is started: exactly the planned models, and an end that waits for requests in flight."""
    return [
        "python3",
        "-c",
        _LAUNCHER,
        _SERVER,
        f"--model-repository={files.repository}",
        "--model-control-mode=explicit",
        *(f"--load-model={model}" for model in endpoint.models),
        f"--http-port={HTTP_PORT}",
        f"--grpc-port={GRPC_PORT}",
        f"--metrics-port={METRICS_PORT}",
        f"--exit-timeout-secs={endpoint.scaling.request_timeout_seconds}",
    ]


def triton_container(endpoint: EndpointPlan, image: str, files: ModelFiles) -> Body:
    """Triton itself; it has no port and is not asked whether it is ready, for the mux is, and asks it.

    Its liveness is its own: a Triton that hangs must be started again, and not the mux in front of it.
    """
    live: Body = {"httpGet": {"path": "/v2/health/live", "port": HTTP_PORT}, "timeoutSeconds": _LIVENESS_PERIOD_SECONDS}
    return {
        "name": "triton",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": triton_command(endpoint, files),
        # The root file system is read-only: caches and temporary files of the backends go to the one writable place.
        "env": [{"name": "HOME", "value": "/tmp"}],  # noqa: S108 a volume of the pod's own
        "resources": _resources(endpoint),
        # It answers once its models are loaded, which may take as long as a version may take to come.
        # Every second: the pod is not ready before the yes.
        "startupProbe": {**live, "periodSeconds": 1, "failureThreshold": endpoint.scaling.progress_deadline_seconds},
        "livenessProbe": {
            **live,
            "periodSeconds": _LIVENESS_PERIOD_SECONDS,
            "failureThreshold": _LIVENESS_FAILURES,
        },
        "securityContext": container_security_context(NONROOT_UID),
        "volumeMounts": [
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 a volume of the pod's own
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 a volume of the pod's own
            *files.mounts,
            *config_mounts(endpoint, files.repository),
        ],
    }


def _resources(endpoint: EndpointPlan) -> Body:
    resources = endpoint.resources
    memory = f"{resources.memory_mib}Mi"
    requests: Body = {"cpu": f"{resources.cpu_millicores}m", "memory": memory}
    # No limit on the CPU: throttling in the middle of a batch is latency for every request in it.
    limits: Body = {"memory": memory}
    if resources.accelerators and resources.resource_key:
        requests[resources.resource_key] = limits[resources.resource_key] = str(resources.accelerators)
    return {"requests": requests, "limits": limits}


def pod_spec(endpoint: EndpointPlan, images: PodImages, mux_config: str) -> Body:
    """The part of the pod that both ways of serving share; keys that Knative refuses are left to the steady way."""
    files = model_files(endpoint)
    mount = endpoint.source.mount
    spec: Body = {
        # Whose bucket it may read; the driver gets a token for it from the kubelet, the containers get none.
        **({"serviceAccountName": mount.service_account} if mount else {}),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        # Triton first: containers are started in this order, and a cold start waits for Triton, not for the mux.
        "containers": [triton_container(endpoint, images.triton, files), mux_container(images.mux)],
        "volumes": [
            {"name": "mux", "configMap": {"name": mux_config}},
            {
                "name": "shm",
                "emptyDir": {"medium": "Memory", "sizeLimit": f"{shm_mib(endpoint.resources.memory_mib)}Mi"},
            },
            {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
            *files.volumes,
            *config_volumes(endpoint),
        ],
    }
    return {**spec, **_placement(endpoint)}


def _placement(endpoint: EndpointPlan) -> Body:
    placement: Body = {}
    if endpoint.node_selector:
        placement["nodeSelector"] = dict(endpoint.node_selector)
    if endpoint.pool and endpoint.overflow_pools:
        placement["affinity"] = {"nodeAffinity": _first_of((endpoint.pool, *endpoint.overflow_pools))}
    if endpoint.tolerations:
        placement["tolerations"] = [
            {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
            for taint in endpoint.tolerations
        ]
    return placement


def _first_of(pools: Sequence[str]) -> Body:
    """Any of these pools, and of those with room the first."""
    most = len(pools)

    def within(names: Sequence[str]) -> Body:
        return {"matchExpressions": [{"key": POOL_LABEL, "operator": "In", "values": list(names)}]}

    return {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [within(pools)]},
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": _HEAVIEST * (most - place) // most, "preference": within([name])}
            for place, name in enumerate(pools)
        ],
    }


def await_annotations(endpoint: EndpointPlan) -> Mapping[str, str]:
    """How long an engine waits for a new version: a little longer than its deadline, whose words are then the cause.

    Pulumi's own patience of 600 s would end before a model's that may take half an hour to load.
    """
    return {"pulumi.com/timeoutSeconds": str(endpoint.scaling.progress_deadline_seconds + _VERDICT_SECONDS)}


def pod_annotations(endpoint: EndpointPlan) -> Mapping[str, str]:
    """Annotations of the pod: which files it has, and what the driver that mounts them must be told."""
    mount = endpoint.source.mount
    return {CONTENT_ANNOTATION: endpoint.source.content_hash, **(mount.annotations if mount else {})}


def pod_labels(endpoint: EndpointPlan) -> Mapping[str, str]:
    """Labels of the pod: what metrics, policies and people find it by."""
    return {ENDPOINT_LABEL: endpoint.name, "app.kubernetes.io/name": "triton"}
