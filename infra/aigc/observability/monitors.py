"""What a Prometheus with Kubernetes discovery scrapes, as pure functions; a chart's watches itself.

The one of a local cluster has no such discovery: see `dns_targets.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from aigc.catalog.labels import (
    ACCELERATORS_NAMESPACE,
    GATEWAY_NAMESPACE,
    GPU_METRICS,
    KEDA_NAMESPACE,
    KNATIVE_NAMESPACE,
    MODELS_NAMESPACE,
    MONITORING_NAMESPACE,
)
from aigc.cluster.kubernetes_object import Body
from aigc.observability.metric_names import ENDPOINT_LABEL, KEDA_JOB
from aigc.serving.triton import METRICS_PORT

SCRAPE_INTERVAL = "10s"
"""Six points a minute: enough for rates over a minute, the shortest window that burn rates use."""

_ENDPOINT_META = "__meta_kubernetes_pod_label_aigc_endpoint"
_REVISION_META = "__meta_kubernetes_pod_label_serving_knative_dev_revision"


def monitor_bodies(namespaces: Sequence[str]) -> list[Body]:
    """Every monitor whose namespace the stack has."""
    bodies: list[tuple[str, Body]] = [
        (MODELS_NAMESPACE, triton_scrape_body()),
        (MODELS_NAMESPACE, _pod_monitor("queue-proxy", MODELS_NAMESPACE, "http-usermetric", relabelings=_pod_labels())),
        (
            KNATIVE_NAMESPACE,
            _pod_monitor(
                "knative",
                KNATIVE_NAMESPACE,
                "metrics",
                relabelings=[_copy(["__meta_kubernetes_pod_label_app"], "component")],
            ),
        ),
        (KEDA_NAMESPACE, _pod_monitor(KEDA_JOB, KEDA_NAMESPACE, "http")),
        (GATEWAY_NAMESPACE, _pod_monitor("gateway", GATEWAY_NAMESPACE, "metrics", path="/stats/prometheus")),
        # Its own `pod` is the one that has the GPU, not the exporter's.
        (ACCELERATORS_NAMESPACE, _pod_monitor(GPU_METRICS, ACCELERATORS_NAMESPACE, "metrics", own_labels=True)),
    ]
    return [body for namespace, body in bodies if namespace in namespaces]


def triton_scrape_body() -> Body:
    """Triton's metrics on every endpoint pod, Knative's too.

    Knative refuses a second port, so 8002 is declared nowhere and no monitor can select it. A container without ports
    is still one target without a port: keep Triton's, and write its pod's address with 8002.
    """
    return {
        "apiVersion": "monitoring.coreos.com/v1alpha1",
        "kind": "ScrapeConfig",
        "metadata": {"name": "triton", "namespace": MONITORING_NAMESPACE},
        "spec": {
            "jobName": "triton",
            "scrapeInterval": SCRAPE_INTERVAL,
            "metricsPath": "/metrics",
            "kubernetesSDConfigs": [{"role": "Pod", "namespaces": {"names": [MODELS_NAMESPACE]}}],
            "relabelings": [
                _keep("__meta_kubernetes_pod_container_name", "triton"),
                _keep("__meta_kubernetes_pod_phase", "Running"),
                {
                    **_copy(["__meta_kubernetes_pod_ip"], "__address__"),
                    "regex": "(.+)",
                    "replacement": f"$1:{METRICS_PORT}",
                },
                _copy(["__meta_kubernetes_namespace"], "namespace"),
                _copy(["__meta_kubernetes_pod_name"], "pod"),
                *_pod_labels(),
            ],
        },
    }


def _pod_labels() -> list[Body]:
    return [_copy([_ENDPOINT_META], ENDPOINT_LABEL), _copy([_REVISION_META], "revision")]


def _pod_monitor(
    name: str,
    namespace: str,
    port: str,
    path: str = "/metrics",
    relabelings: Sequence[Body] = (),
    *,
    own_labels: bool = False,
) -> Body:
    scrape: Body = {"port": port, "path": path, "interval": SCRAPE_INTERVAL}
    if own_labels:
        scrape["honorLabels"] = True
    if relabelings:
        scrape["relabelings"] = list(relabelings)
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": name, "namespace": MONITORING_NAMESPACE},
        "spec": {
            "namespaceSelector": {"matchNames": [namespace]},
            "selector": {},
            "podMetricsEndpoints": [scrape],
        },
    }


def _keep(source: str, regex: str) -> Body:
    return {"action": "keep", "sourceLabels": [source], "regex": regex}


def _copy(sources: list[str], target: str) -> Body:
    return {"action": "replace", "sourceLabels": sources, "targetLabel": target}
