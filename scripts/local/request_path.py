"""The path one request took, hop by hop, out of what each hop itself recorded; nothing here is assumed.

The gateway's access log names the upstream address it chose for our request id, the API server says which pod has
that address, the queue-proxy's request log shows that the same id arrived in the pod, and Triton's counters show
which models were executed for it.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from kubernetes.client.exceptions import ApiException

from aigc.catalog.labels import GATEWAY_NAMESPACE, MODELS_NAMESPACE
from aigc.plan.stack_plan import EndpointPlan
from scripts.local.workloads import Workloads
from scripts.model.client import Generation

TRITON_METRICS_PORT = 8002
LOG_WAIT_SECONDS = 5.0


@dataclass(frozen=True)
class Hop:
    """One station of a request and how we know."""

    name: str
    where: str
    evidence: str


@dataclass(frozen=True)
class TracedRequest:
    """A request's answer and its path."""

    generation: Generation
    hops: tuple[Hop, ...]


def trace_path(workloads: Workloads, endpoint: EndpointPlan, send: Callable[[str], Generation]) -> TracedRequest:
    """Send one request with an id of its own and collect where it went."""
    request_id = str(uuid.uuid4())
    before = executed_models(workloads, endpoint.name)
    generation = send(request_id)
    hops = [*gateway_hops(workloads, request_id), *pod_hops(workloads, endpoint, request_id, before)]
    return TracedRequest(generation, tuple(hops))


def gateway_hops(workloads: Workloads, request_id: str) -> list[Hop]:
    """The gateway and, when it chose one, the activator."""
    for pod in workloads.core.list_namespaced_pod(
        GATEWAY_NAMESPACE, label_selector="app.kubernetes.io/name=gateway"
    ).items:
        line = _find_line(workloads, GATEWAY_NAMESPACE, pod.metadata.name, "envoy", request_id)
        if line is None:
            continue
        upstream = str(json.loads(line).get("upstream_host", "unknown"))
        hops = [Hop("gateway", f"{pod.metadata.name} {pod.status.pod_ip}", f"access log: sent to {upstream}")]
        chosen = workloads.pod_by_ip(upstream.rsplit(":", 1)[0])
        if chosen is not None and chosen.metadata.namespace != MODELS_NAMESPACE:
            evidence = f"has the address {upstream}"
            hops.append(Hop(chosen.metadata.labels.get("app", "proxy"), chosen.metadata.name, evidence))
        return hops
    return []


def pod_hops(workloads: Workloads, endpoint: EndpointPlan, request_id: str, before: dict[str, float]) -> list[Hop]:
    """The queue-proxy (Knative), the in-pod mux and the Triton models that ran."""
    hops: list[Hop] = []
    for pod in workloads.endpoint_pods(endpoint.name):
        name = pod.metadata.name
        if any(container.name == "queue-proxy" for container in pod.spec.containers):
            line = _find_line(workloads, MODELS_NAMESPACE, name, "queue-proxy", request_id)
            if line is None:
                continue
            hops.append(Hop("queue-proxy", name, "request log has the same id"))
        hops.append(Hop("mux", name, "the pod's only declared port"))
        after = executed_models(workloads, endpoint.name)
        ran = {model: count - before.get(model, 0) for model, count in after.items()}
        words = ", ".join(f"{model} +{count:.0f}" for model, count in sorted(ran.items()) if count > 0)
        hops.append(Hop("triton", f"{name} {pod.status.pod_ip}", f"executions: {words or 'none seen'}"))
    return hops


def executed_models(workloads: Workloads, endpoint: str) -> dict[str, float]:
    """Executions per model over the endpoint's pods, from Triton's own counter `nv_inference_exec_count`."""
    counts: dict[str, float] = {}
    for pod in workloads.endpoint_pods(endpoint):
        if pod.status.pod_ip is None:
            continue
        try:
            text = httpx.get(f"http://{pod.status.pod_ip}:{TRITON_METRICS_PORT}/metrics", timeout=5).text
        except httpx.HTTPError:
            continue
        for line in text.splitlines():
            if line.startswith("nv_inference_exec_count{"):
                model = line.split('model="', 1)[1].split('"', 1)[0]
                counts[model] = counts.get(model, 0) + float(line.rsplit(" ", 1)[1])
    return counts


def _find_line(workloads: Workloads, namespace: str, pod: str, container: str, needle: str) -> str | None:
    """The log line that holds `needle`; waits a little because proxies buffer their logs."""
    deadline = time.monotonic() + LOG_WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            log = workloads.container_log(namespace, pod, container)
        except ApiException:
            return None
        for line in log.splitlines():
            if needle in line:
                return line
        time.sleep(0.25)
    return None
