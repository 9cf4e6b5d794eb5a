"""A Knative service like the one of the stack, under a name of the bench's own: nobody else asks it or scales it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aigc.autoscaling.kpa import kpa_annotations
from aigc.catalog.faults import fail
from aigc.catalog.labels import MODELS_NAMESPACE
from aigc.plan.stack_plan import EndpointPlan
from scripts.engine.objects import ObjectKey, key_of
from scripts.model.client import GatewayEndpoint
from tests.bench.servers import BENCH_LABEL, START_SECONDS, Bench, remove, wait_for, with_cpu_request

SERVING = "serving.knative.dev/v1"


@contextmanager
def knative_copy(
    bench: Bench, endpoint: EndpointPlan, name: str, annotations: Mapping[str, str]
) -> Iterator[GatewayEndpoint]:
    """The endpoint's service under another name, its annotations changed; where the gateway answers for it.

    Raises:
        UserError: the endpoint is not up.
    """
    body = copied(bench, endpoint, name, annotations)
    remove(bench, body)
    bench.kube.apply(body, force=True)
    try:
        wait_for(lambda: is_ready(bench, body), START_SECONDS, f"{name} is ready")
        host = endpoint.host.replace(endpoint.name, name, 1)
        yield GatewayEndpoint(host, bench.workloads.gateway_address())
    finally:
        remove(bench, body)


def copied(bench: Bench, endpoint: EndpointPlan, name: str, annotations: Mapping[str, str]) -> dict[str, Any]:
    """The live service with the image of the plan, and without the labels by which others find its pods."""
    live = bench.kube.get(ObjectKey(SERVING, "Service", MODELS_NAMESPACE, endpoint.name))
    if live is None:
        raise fail(f"service {endpoint.name}", "is not in the cluster", "run `make up`")
    template = live["spec"]["template"]
    template["spec"]["containers"] = [
        with_cpu_request({**one, "image": endpoint.source.image}) if one["name"] == "triton" else one
        for one in template["spec"]["containers"]
    ]
    template["metadata"] = {
        "labels": {BENCH_LABEL: name},
        "annotations": {**kpa_annotations(endpoint), **annotations},
    }
    return {
        "apiVersion": SERVING,
        "kind": "Service",
        "metadata": {"name": name, "namespace": MODELS_NAMESPACE, "labels": {BENCH_LABEL: name}},
        "spec": {"template": template},
    }


def is_ready(bench: Bench, body: Mapping[str, Any]) -> bool:
    """Whether Knative has seen this version of a service and calls it ready."""
    live = bench.kube.get(key_of(dict(body))) or {}
    status = live.get("status", {})
    seen = status.get("observedGeneration") == live.get("metadata", {}).get("generation")
    return seen and any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))


def pods_of(bench: Bench, name: str) -> list[Any]:
    """Every pod of a copy, also those on their way out."""
    selector = f"{BENCH_LABEL}={name}"
    return list(bench.workloads.core.list_namespaced_pod(MODELS_NAMESPACE, label_selector=selector).items)
