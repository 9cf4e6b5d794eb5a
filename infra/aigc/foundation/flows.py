"""Who may talk to whom, as data: the one list that network policies are made of and that a test evaluates.

Whatever is not here is denied in every namespace of ours. Ports are the pods' own: policies are judged after a
Service's address was replaced by a pod's.
"""

from __future__ import annotations

from dataclasses import dataclass

from aigc.catalog.labels import (
    ACCELERATORS_NAMESPACE,
    ENDPOINT_LABEL,
    GATEWAY_NAMESPACE,
    GPU_METRICS,
    KARPENTER,
    KEDA_NAMESPACE,
    KNATIVE_NAMESPACE,
    KNATIVE_OPERATOR_NAMESPACE,
    MODELS_NAMESPACE,
    MONITORING_NAMESPACE,
    NODE_AUTOSCALER,
)
from aigc.plan.stack_plan import StackPlan


@dataclass(frozen=True)
class Pods:
    """Pods of one namespace, all of them or those with these labels."""

    namespace: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Flow:
    """An allowed connection between pods of ours."""

    source: Pods
    target: Pods
    ports: tuple[int, ...]
    why: str


ENDPOINTS = Pods(MODELS_NAMESPACE)
GATEWAY = Pods(GATEWAY_NAMESPACE, (("app.kubernetes.io/name", "gateway"),))
ACTIVATOR = Pods(KNATIVE_NAMESPACE, (("app", "activator"),))
AUTOSCALER = Pods(KNATIVE_NAMESPACE, (("app", "autoscaler"),))
KNATIVE = Pods(KNATIVE_NAMESPACE)
PROMETHEUS = Pods(MONITORING_NAMESPACE, (("app.kubernetes.io/name", "prometheus"),))
ALERTMANAGER = Pods(MONITORING_NAMESPACE, (("app.kubernetes.io/name", "alertmanager"),))
GRAFANA = Pods(MONITORING_NAMESPACE, (("app.kubernetes.io/name", "grafana"),))
MONITORING = Pods(MONITORING_NAMESPACE)
KEDA = Pods(KEDA_NAMESPACE)
GPU_EXPORTER = Pods(ACCELERATORS_NAMESPACE, (("app.kubernetes.io/name", GPU_METRICS),))

QUEUE_PORTS = (8012, 8013)
"""The queue-proxy's and the activator's HTTP/1.1 and h2c ports."""
MUX_PORT = 8080
TRITON_METRICS_PORT = 8002
QUEUE_AUTOSCALER_METRICS_PORT = 9090
"""The queue-proxy's metrics for the autoscaler."""
QUEUE_METRICS_PORT = 9091
"""The queue-proxy's metrics for people."""
METRICS_PORT = 9090
ALERTMANAGER_PORT = 9093
GATEWAY_INTERNAL_PORT = 8081
GATEWAY_EXTERNAL_PORT = 8080
GATEWAY_HEALTH_PORT = 8090
WEBHOOK_PORT = 8443
KEDA_METRICS_SERVICE_PORT = 9666
KEDA_METRICS_API_PORT = 6443
KEDA_OWN_METRICS_PORT = 8080
GPU_METRICS_PORT = 9400

FLOWS: tuple[Flow, ...] = (
    Flow(GATEWAY, ENDPOINTS, (*QUEUE_PORTS, MUX_PORT), "requests to warm Knative pods and to steady pods"),
    Flow(GATEWAY, ACTIVATOR, QUEUE_PORTS, "requests to revisions at zero"),
    Flow(GATEWAY, GATEWAY, (GATEWAY_HEALTH_PORT,), "controllers ask each other which configuration Envoy has loaded"),
    Flow(ENDPOINTS, GATEWAY, (GATEWAY_INTERNAL_PORT,), "a model that calls another one"),
    Flow(ACTIVATOR, ENDPOINTS, QUEUE_PORTS, "buffered requests and probes of a starting pod"),
    Flow(ACTIVATOR, AUTOSCALER, (8080,), "the activator's concurrency figures, without which nothing leaves zero"),
    Flow(AUTOSCALER, AUTOSCALER, (8080,), "figures of a revision that another replica owns"),
    Flow(
        AUTOSCALER,
        ENDPOINTS,
        (*QUEUE_PORTS, QUEUE_AUTOSCALER_METRICS_PORT),
        "concurrency figures, and the probe before zero",
    ),
    Flow(AUTOSCALER, ACTIVATOR, QUEUE_PORTS, "is the activator in the path before the last pod goes"),
    Flow(PROMETHEUS, ENDPOINTS, (TRITON_METRICS_PORT, QUEUE_METRICS_PORT), "metrics of Triton and the queue-proxy"),
    Flow(PROMETHEUS, KNATIVE, (METRICS_PORT,), "metrics of Knative"),
    Flow(PROMETHEUS, GATEWAY, (METRICS_PORT,), "metrics of the gateway's Envoy"),
    Flow(PROMETHEUS, MONITORING, (METRICS_PORT, 8080), "its own metrics, the operator's and the reloader's"),
    Flow(GRAFANA, PROMETHEUS, (METRICS_PORT,), "queries of the dashboards; people reach Grafana by a port-forward"),
    Flow(PROMETHEUS, ALERTMANAGER, (ALERTMANAGER_PORT,), "alerts, and Alertmanager's own metrics"),
    Flow(KEDA, KEDA, (KEDA_METRICS_SERVICE_PORT,), "the metrics API asks the operator for each number"),
    Flow(KEDA, PROMETHEUS, (METRICS_PORT,), "what the replicas of steady endpoints are decided by"),
    Flow(PROMETHEUS, KEDA, (KEDA_OWN_METRICS_PORT,), "metrics of KEDA: is it blind"),
    Flow(PROMETHEUS, GPU_EXPORTER, (GPU_METRICS_PORT,), "how busy, full and hot GPUs are"),
)

KOURIER = Pods(KNATIVE_NAMESPACE, (("app", "3scale-kourier-gateway"),))
"""The gateway that the Knative operator brings; it lives in Knative's own namespace."""
KOURIER_CONTROLLER = Pods(KNATIVE_NAMESPACE, (("app", "net-kourier-controller"),))
OPERATOR = Pods(KNATIVE_OPERATOR_NAMESPACE)

KOURIER_FLOWS: tuple[Flow, ...] = (
    Flow(KOURIER, ENDPOINTS, QUEUE_PORTS, "requests to warm Knative pods"),
    Flow(KOURIER, ACTIVATOR, QUEUE_PORTS, "requests to revisions at zero"),
    Flow(KOURIER, KOURIER_CONTROLLER, (18000,), "the gateway's configuration"),
    Flow(KOURIER_CONTROLLER, KOURIER, (8080, 8081, 8090), "has the gateway loaded a route yet"),
    Flow(ENDPOINTS, KOURIER, (GATEWAY_INTERNAL_PORT,), "a model that calls another one"),
)
"""Where Knative comes by its operator."""

NODE_CHANGER = Pods(NODE_AUTOSCALER)
NODE_MAKER = Pods(KARPENTER)

NEURON_PLUGIN = Pods(ACCELERATORS_NAMESPACE, (("name", "neuron-device-plugin-ds"),))
"""It looks at the pods of its node to know which chips are taken."""

API_CLIENTS: tuple[Pods, ...] = (KNATIVE, GATEWAY, MONITORING, OPERATOR, KEDA, NODE_CHANGER, NODE_MAKER)
"""Pods that talk to the API server; a model's pod has no reason to, and no token."""

KNATIVE_CONTROLLER = Pods(KNATIVE_NAMESPACE, (("app", "controller"),))
AWS_CLIENTS: tuple[Pods, ...] = (NODE_CHANGER, NODE_MAKER, KNATIVE_CONTROLLER)
"""Pods that talk to AWS with credentials of their own: to resize groups, and to ask ECR for an image's digest."""
POD_IDENTITY = ("169.254.170.23/32", 80)
"""Where EKS' agent on each node gives a pod its credentials (EKS user guide, 'How EKS Pod Identity works')."""

GOOGLE_CLIENTS: tuple[Pods, ...] = (KNATIVE_CONTROLLER,)
"""Pods that talk to Google Cloud with rights of their own: to ask Artifact Registry for an image's digest."""
GKE_METADATA = ("169.254.169.254/32", (80, 8080))
"""Where GKE's agent on each node gives a pod its credentials, under Dataplane V2 (GKE, 'Authenticate to Google Cloud
APIs from GKE workloads')."""


def bucket_readers(plan: StackPlan) -> tuple[Pods, ...]:
    """Pods in which the driver itself runs that mounts their bucket (GKE); elsewhere it runs outside, on the node."""
    readers = (name for name, mount in plan.mounts.items() if mount.cpu_millicores)
    return tuple(Pods(MODELS_NAMESPACE, ((ENDPOINT_LABEL, name),)) for name in readers)


KUBELET_PORT = 10250
HOST_PROCESSES_PORT = 16460
"""Where the local cluster's keeper tells how often each host process ended."""
NODE_CLIENTS: tuple[tuple[Pods, tuple[int, ...]], ...] = ((PROMETHEUS, (KUBELET_PORT,)),)
"""Pods that ask the nodes themselves, here for the memory and restarts of pods; a node is no pod and has only an
address."""
ONLY_NODE_CLIENTS: tuple[tuple[Pods, tuple[int, ...]], ...] = ((PROMETHEUS, (KUBELET_PORT, HOST_PROCESSES_PORT)),)
"""The same where the one node is ours, with all that runs on it."""

WORLD_TARGETS: tuple[tuple[Pods, int], ...] = ((GATEWAY, GATEWAY_EXTERNAL_PORT),)
"""What anybody may reach."""

KOURIER_WORLD_TARGETS: tuple[tuple[Pods, int], ...] = ((KOURIER, GATEWAY_EXTERNAL_PORT), (KOURIER, 8443))

WEBHOOK_TARGETS: tuple[tuple[Pods, int], ...] = (
    (Pods(KNATIVE_NAMESPACE, (("app", "webhook"),)), WEBHOOK_PORT),
    (Pods(KNATIVE_OPERATOR_NAMESPACE, (("name", "operator-webhook"),)), WEBHOOK_PORT),
    (KEDA, KEDA_METRICS_API_PORT),
)
"""What the API server calls; its address is no pod's, so the source cannot be named by labels."""
