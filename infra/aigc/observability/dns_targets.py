"""What a Prometheus without Kubernetes discovery scrapes: each target is a headless Service, found by DNS.

Debian builds its Prometheus without `kubernetes_sd_configs` (seen with 2.42: the configuration that a PodMonitor
becomes is refused), and no other build can be had on a local cluster. A headless Service has one address record a
pod, also for Triton's port 8002, which Knative lets nobody declare. Prometheus needs no right to read anything then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aigc.catalog.labels import (
    ENDPOINT_LABEL,
    GATEWAY_NAMESPACE,
    KEDA_NAMESPACE,
    KNATIVE_NAMESPACE,
    MODELS_NAMESPACE,
    MONITORING_NAMESPACE,
)
from aigc.cluster.kubernetes_object import Body
from aigc.foundation.flows import ALERTMANAGER_PORT, KEDA_OWN_METRICS_PORT
from aigc.foundation.keda import OPERATOR_LABELS
from aigc.observability.metric_names import ENDPOINT_LABEL as SERIES_LABEL
from aigc.observability.metric_names import GATEWAY_JOB, KEDA_JOB
from aigc.observability.monitors import SCRAPE_INTERVAL
from aigc.plan.stack_plan import EndpointPlan, ServingMode, StackPlan
from aigc.serving.triton import METRICS_PORT

_QUEUE_PORT = 9091
_PORT = 9090
_OPERATOR_PORT = 8080
_KNATIVE_APPS = ("activator", "autoscaler", "controller", "webhook")


@dataclass(frozen=True)
class Target:
    """Pods behind one headless Service, and what their series are labelled with."""

    job: str
    namespace: str
    service: str
    port: int
    path: str = "/metrics"
    labels: dict[str, str] = field(default_factory=dict)


def headless_service(name: str, namespace: str, selector: dict[str, str], port: int) -> Body:
    """A Service that is only a name for its pods; those that are not ready yet have metrics too."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": selector,
            "ports": [{"name": "metrics", "port": port, "targetPort": port, "protocol": "TCP"}],
        },
    }


def dns_name(service: str, namespace: str) -> str:
    """The name that has one address record for each pod of a headless Service."""
    return f"{service}.{namespace}.svc.cluster.local"


def scrape_config(name: str, target: Target) -> Body:
    """One job of one Service."""
    labels = {"namespace": target.namespace, **target.labels}
    return {
        "apiVersion": "monitoring.coreos.com/v1alpha1",
        "kind": "ScrapeConfig",
        "metadata": {"name": name, "namespace": MONITORING_NAMESPACE},
        "spec": {
            "jobName": target.job,
            "scrapeInterval": SCRAPE_INTERVAL,
            "metricsPath": target.path,
            "dnsSDConfigs": [
                {
                    "names": [dns_name(target.service, target.namespace)],
                    "type": "A",
                    "port": target.port,
                    # A pod that came from zero should not be invisible for longer than a scrape.
                    "refreshInterval": SCRAPE_INTERVAL,
                }
            ],
            "relabelings": [
                {"action": "replace", "targetLabel": key, "replacement": value} for key, value in labels.items()
            ],
        },
    }


def dns_target_bodies(plan: StackPlan) -> list[Body]:
    """Services and jobs of everything the stack runs."""
    bodies = [body for endpoint in plan.endpoints for body in _endpoint(endpoint)]
    ours = {namespace.name for namespace in plan.namespaces}
    if KNATIVE_NAMESPACE in ours:
        bodies += [body for app in _KNATIVE_APPS for body in _knative(app)]
    if GATEWAY_NAMESPACE in ours:
        selector = {"app.kubernetes.io/name": "gateway"}
        target = Target(GATEWAY_JOB, GATEWAY_NAMESPACE, "metrics-gateway", _PORT, path="/stats/prometheus")
        bodies += [
            headless_service(target.service, target.namespace, selector, _PORT),
            scrape_config("gateway", target),
        ]
    if KEDA_NAMESPACE in ours:
        target = Target(KEDA_JOB, KEDA_NAMESPACE, "metrics-keda", KEDA_OWN_METRICS_PORT)
        bodies += [
            headless_service(target.service, target.namespace, OPERATOR_LABELS, target.port),
            scrape_config("keda", target),
        ]
    return [*bodies, *_monitoring()]


def _endpoint(endpoint: EndpointPlan) -> Sequence[Body]:
    service, labels = f"metrics-{endpoint.name}", {SERIES_LABEL: endpoint.name}
    selector = {ENDPOINT_LABEL: endpoint.name}
    triton = Target("triton", MODELS_NAMESPACE, service, METRICS_PORT, labels=labels)
    bodies = [
        headless_service(service, MODELS_NAMESPACE, selector, METRICS_PORT),
        scrape_config(f"triton-{endpoint.name}", triton),
    ]
    if endpoint.mode is ServingMode.KNATIVE:
        queue = Target("queue-proxy", MODELS_NAMESPACE, service, _QUEUE_PORT, labels=labels)
        bodies.append(scrape_config(f"queue-proxy-{endpoint.name}", queue))
    return bodies


def _knative(app: str) -> Sequence[Body]:
    target = Target("knative", KNATIVE_NAMESPACE, f"metrics-{app}", _PORT, labels={"component": app})
    service = headless_service(target.service, KNATIVE_NAMESPACE, {"app": app}, _PORT)
    return [service, scrape_config(f"knative-{app}", target)]


def _monitoring() -> Sequence[Body]:
    # All three Services are the operator's own, and headless.
    alertmanager = Target("alertmanager", MONITORING_NAMESPACE, "alertmanager-operated", ALERTMANAGER_PORT)
    return [
        scrape_config("prometheus", Target("prometheus", MONITORING_NAMESPACE, "prometheus-operated", _PORT)),
        scrape_config("alertmanager", alertmanager),
        scrape_config(
            "operator", Target("prometheus-operator", MONITORING_NAMESPACE, "prometheus-operator", _OPERATOR_PORT)
        ),
    ]
