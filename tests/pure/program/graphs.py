"""Runs the layers over a plan made by hand, in this process, and gives the graph that the engine saw."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime import run_in_stack, set_all_config
from pulumi.runtime.proto import source_pb2
from pulumi.runtime.settings import reset_options

from aigc.autoscaling.keda import scale_steady_endpoints
from aigc.autoscaling.kpa import kpa_annotations
from aigc.catalog.cache import manifest_path
from aigc.cluster.cluster import build_cluster, build_model_store, build_network
from aigc.foundation.foundation import build_foundation
from aigc.observability.prometheus import observe
from aigc.plan.stack_plan import StackPlan
from aigc.serving.endpoint import build_endpoints
from aigc.serving.gateway import build_gateway
from aigc.serving.off_cluster import build_off_cluster
from scripts.engine.graph import Graph
from scripts.engine.monitor import Engine, Monitor

ROOT = Path(__file__).resolve().parents[3]
# For each resource the SDK walks the stack twice, which is deep under pytest, and looks whether any of its files has
# changed: a tenth of what these tests took. Where a resource is declared is asked by none of them.
sdk_resource._get_stack_trace = source_pb2.StackTrace
CONFIG = {"pulumi:disable-default-providers": '["*"]', "pulumi:autonaming": '{"mode":"disabled"}'}


def build(plan: StackPlan) -> None:
    """The same layers in the same order as `infra/__main__.py`, from a plan instead of a stack file."""
    network = build_network(plan)
    cluster = build_cluster(plan, network)
    store = build_model_store(plan, network, cluster, ROOT)
    foundation = build_foundation(plan, cluster)
    gateway = build_gateway(plan, cluster, foundation, ROOT)
    endpoints = build_endpoints(
        plan, cluster, foundation, store, gateway=gateway, annotations=kpa_annotations, root=ROOT
    )
    scale_steady_endpoints(plan, cluster, foundation, [made for endpoint in endpoints for made in endpoint.objects])
    observe(plan, cluster, foundation, None)
    build_off_cluster(plan, network, store)


def graph_of(program: Callable[[], None], stack: str) -> Graph:
    monitor = Monitor("aigc", stack, CONFIG)
    set_all_config(CONFIG, [])
    reset_options(
        project="aigc",
        stack=stack,
        root_directory=str(ROOT),
        organization="organization",
        parallel=16,
        preview=True,
        monitor_address=cast(Any, monitor),
        engine_address=cast(Any, Engine()),
    )
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run_in_stack(program))
    finally:
        loop.close()
        asyncio.set_event_loop(None)
    return monitor.graph()


def write_manifests(cache: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Small manifests with one object of each sort that the real ones hold; gives their sums."""
    monkeypatch.setenv("AIGC_CACHE_DIR", str(cache))
    sums = {}
    for name, version, bodies in (
        ("knative-serving", "1.23.0", knative_manifest()),
        ("keda", "2.20.2", keda_manifest()),
        ("prometheus-operator", "0.93.1", operator_manifest()),
    ):
        content = "".join(f"---\n{json.dumps(body)}\n" for body in bodies).encode()
        path = manifest_path(name, version)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        sums[name] = hashlib.sha256(content).hexdigest()
    return sums


def knative_manifest() -> list[dict[str, Any]]:
    namespace = "knative-serving"
    image = "ko://knative.dev/serving/cmd/"
    config_maps = (
        "autoscaler",
        "defaults",
        "deployment",
        "domain",
        "features",
        "gc",
        "leader-election",
        "network",
        "observability",
    )
    pod = {"containers": [{"name": "webhook", "image": f"{image}webhook"}]}
    return [
        thing("v1", "Namespace", namespace),
        thing("apiextensions.k8s.io/v1", "CustomResourceDefinition", "services.serving.knative.dev", spec={}),
        thing("rbac.authorization.k8s.io/v1", "ClusterRole", "admin", aggregationRule={}, rules=[]),
        *(
            thing("v1", "ConfigMap", f"config-{name}", namespace, data={"_example": "kept: yes"})
            for name in config_maps
        ),
        thing("v1", "Secret", "webhook-certs", namespace),
        thing("v1", "Service", "webhook", namespace, spec={}),
        thing("apps/v1", "Deployment", "webhook", namespace, spec={"template": {"spec": pod}}),
        thing("autoscaling/v2", "HorizontalPodAutoscaler", "webhook", namespace, spec={}),
        thing("policy/v1", "PodDisruptionBudget", "webhook-pdb", namespace, spec={}),
        thing(
            "admissionregistration.k8s.io/v1",
            "MutatingWebhookConfiguration",
            "webhook.serving.knative.dev",
            webhooks=[{"name": "webhook.serving.knative.dev", "sideEffects": "None", "rules": [{"scope": "*"}]}],
        ),
        thing(
            "caching.internal.knative.dev/v1alpha1", "Image", "queue-proxy", namespace, spec={"image": f"{image}queue"}
        ),
        thing("networking.internal.knative.dev/v1alpha1", "Certificate", "routing-serving-certs", namespace, spec={}),
    ]


def keda_manifest() -> list[dict[str, Any]]:
    def pod(image: str) -> dict[str, Any]:
        probe = {"httpGet": {"path": "/readyz", "port": 8081}, "initialDelaySeconds": 20}
        container = {
            "name": "keda",
            "image": f"ghcr.io/kedacore/{image}:latest",
            "imagePullPolicy": "Always",
            "readinessProbe": probe,
            "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "1000Mi"}},
        }
        return {"template": {"spec": {"containers": [container]}}}

    return [
        thing("apiextensions.k8s.io/v1", "CustomResourceDefinition", "scaledobjects.keda.sh", spec={}),
        thing("v1", "ServiceAccount", "keda-operator", "keda"),
        thing("v1", "Service", "keda-operator", "keda", spec={"selector": {"app": "keda-operator"}}),
        thing("rbac.authorization.k8s.io/v1", "RoleBinding", "keda-auth-reader", "kube-system", subjects=[]),
        thing("apps/v1", "Deployment", "keda-operator", "keda", spec=pod("keda")),
        thing("apps/v1", "Deployment", "keda-metrics-apiserver", "keda", spec=pod("keda-metrics-apiserver")),
        thing(
            "apiregistration.k8s.io/v1", "APIService", "v1beta1.external.metrics.k8s.io", spec={"version": "v1beta1"}
        ),
    ]


def operator_manifest() -> list[dict[str, Any]]:
    subject = {"kind": "ServiceAccount", "name": "prometheus-operator", "namespace": "default"}
    args = [
        "--kubelet-service=kube-system/kubelet",
        "--prometheus-config-reloader=registry.example.com/reloader:v1",
        "--disable-unmanaged-prometheus-configuration=true",
    ]
    container = {"name": "prometheus-operator", "image": "registry.example.com/operator:v1", "args": args}
    crd = "CustomResourceDefinition"
    return [
        thing("apiextensions.k8s.io/v1", crd, "prometheuses.monitoring.coreos.com", spec={}),
        thing("apiextensions.k8s.io/v1", crd, "scrapeconfigs.monitoring.coreos.com", spec={}),
        thing("apiextensions.k8s.io/v1", crd, "alertmanagers.monitoring.coreos.com", spec={}),
        thing("apiextensions.k8s.io/v1", crd, "thanosrulers.monitoring.coreos.com", spec={}),
        thing("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "prometheus-operator", subjects=[subject]),
        thing("v1", "ServiceAccount", "prometheus-operator", "default"),
        thing(
            "apps/v1",
            "Deployment",
            "prometheus-operator",
            "default",
            spec={"template": {"spec": {"containers": [container]}}},
        ),
    ]


def thing(api_version: str, kind: str, name: str, namespace: str | None = None, **rest: Any) -> dict[str, Any]:
    metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}
