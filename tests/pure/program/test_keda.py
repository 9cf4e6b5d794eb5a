"""Steady endpoints that follow their queue: the autoscaler, what it asks, and what it does when nobody answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aigc.autoscaling.keda import in_flight_query, pending_query, scaled_object_body
from aigc.catalog.versions import component
from aigc.foundation.keda import keda_bodies
from aigc.plan.stack_plan import Autoscaler, ComponentPlan, ComponentSource, ServingMode
from aigc.serving.steady import steady_bodies
from aigc.serving.triton import PodImages
from scripts.engine.graph import Graph
from tests.pure.observability.promtool import run
from tests.pure.program.graphs import build, graph_of, write_manifests
from tests.pure.program.plans import (
    endpoint_plan,
    gcp_plan,
    keda_endpoint,
    local_plan,
    release_plan,
    scaling_plan,
)
from tests.pure.program.pods import restricted_faults

IMAGES = {"keda-operator": "dev.local/keda-operator:1", "keda-metrics-apiserver": "dev.local/keda-adapter:1"}


def spec() -> dict[str, Any]:
    return dict(scaled_object_body(keda_endpoint())["spec"])


def test_the_bounds_and_the_target_are_the_plans() -> None:
    assert (spec()["minReplicaCount"], spec()["maxReplicaCount"]) == (1, 3)
    assert spec()["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "steady"}
    assert {trigger["metadata"]["threshold"] for trigger in spec()["triggers"]} == {"8"}
    assert {trigger["metricType"] for trigger in spec()["triggers"]} == {"AverageValue"}, "KEDA's fallback needs it"


def test_a_number_that_vanishes_is_an_error_and_holds_the_replicas() -> None:
    assert {trigger["metadata"]["ignoreNullValues"] for trigger in spec()["triggers"]} == {"false"}
    assert spec()["fallback"] == {"failureThreshold": 3, "replicas": 1, "behavior": "currentReplicasIfHigher"}


def test_replicas_go_one_by_one_and_only_after_the_idle_time() -> None:
    behaviour = spec()["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] == 90
    assert behaviour["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]
    assert behaviour["scaleUp"]["stabilizationWindowSeconds"] == 0


def test_prometheus_takes_both_queries_and_they_give_one_number_each(tmp_path: Path) -> None:
    labels = 'aigc_endpoint="steady",model="steady"'
    series = [
        # Two replicas of the endpoint, the model that it calls, and another endpoint.
        {"series": f'nv_inference_pending_request_count{{{labels},instance="a"}}', "values": "3x4"},
        {"series": f'nv_inference_pending_request_count{{{labels},instance="b"}}', "values": "2x4"},
        {"series": 'nv_inference_pending_request_count{aigc_endpoint="steady",model="core"}', "values": "50x4"},
        {"series": 'nv_inference_pending_request_count{aigc_endpoint="gpt",model="steady"}', "values": "70x4"},
        # 6 s of requests in each second: 6 are there on average.
        {"series": f'nv_inference_request_duration_us{{{labels},instance="a"}}', "values": "0+60000000x18"},
    ]
    checks = [
        {"expr": pending_query(keda_endpoint()), "eval_time": "30s", "exp_samples": [{"labels": "{}", "value": 5}]},
        {"expr": in_flight_query(keda_endpoint()), "eval_time": "2m", "exp_samples": [{"labels": "{}", "value": 6}]},
        {"expr": pending_query(keda_endpoint("gone")), "eval_time": "30s", "exp_samples": []},
    ]
    path = tmp_path / "test.yaml"
    tests = [{"interval": "10s", "input_series": series, "promql_expr_test": checks}]
    path.write_text(json.dumps({"rule_files": [], "evaluation_interval": "10s", "tests": tests}))
    done = run("test", "rules", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_autoscaled_deployment_leaves_its_number_alone() -> None:
    images = PodImages(mux="envoy", triton="triton")
    assert "replicas" not in steady_bodies(keda_endpoint(), images, "mux")[1]["spec"]
    fixed = endpoint_plan(
        "steady", ServingMode.STEADY, scaling=scaling_plan(autoscaler=Autoscaler.NONE, min_replicas=2)
    )
    assert steady_bodies(fixed, images, "mux")[1]["spec"]["replicas"] == 2


def test_the_real_manifest_becomes_restricted_pods_of_our_images() -> None:
    row = component("keda")
    part = ComponentPlan(
        name="keda",
        version=row.version,
        source=ComponentSource.MANIFEST,
        namespace="keda",
        manifest_sha256=row.manifest_sha256,
    )
    bodies = keda_bodies(part, IMAGES)
    deployments = [body for body in bodies if body["kind"] == "Deployment"]
    found = {c["image"] for body in deployments for c in body["spec"]["template"]["spec"]["containers"]}
    assert found == set(IMAGES.values())
    for body in deployments:
        assert restricted_faults(body["spec"]["template"]["spec"]) == []
    definitions = {body["metadata"]["name"]: body for body in bodies if body["kind"] == "CustomResourceDefinition"}
    assert {"scaledobjects.keda.sh", "scaledjobs.keda.sh", "triggerauthentications.keda.sh"} <= set(definitions)
    assert "latest" not in json.dumps(bodies)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    with pytest.MonkeyPatch.context() as patch:
        plan = local_plan(write_manifests(tmp_path_factory.mktemp("cache"), patch))
        return graph_of(lambda: build(plan), "local")


def test_the_autoscaler_comes_after_keda_and_after_what_it_scales(graph: Graph) -> None:
    by_kind = {
        (resource.inputs.get("kind"), resource.inputs.get("metadata", {}).get("name")): resource
        for resource in graph.resources
        if resource.custom
    }
    before = by_kind[("ScaledObject", "steady")].dependencies
    for needed in (
        ("CustomResourceDefinition", "scaledobjects.keda.sh"),
        ("Deployment", "keda-operator"),
        ("Deployment", "keda-metrics-apiserver"),
        ("APIService", "v1beta1.external.metrics.k8s.io"),
        ("Deployment", "steady"),
    ):
        assert by_kind[needed].urn in before, needed


def test_where_charts_are_used_keda_is_a_release_before_its_autoscaler() -> None:
    base = gcp_plan()
    endpoint = keda_endpoint()
    plan = base.model_copy(
        update={
            "components": (*base.components, release_plan("keda", "2.20.2", "keda")),
            "endpoints": (*base.endpoints, endpoint),
        }
    )
    found = graph_of(lambda: build(plan), "gcp-test")
    (release,) = [r for r in found.resources if r.inputs.get("chart") == "keda"]
    (scaled,) = [r for r in found.resources if r.inputs.get("kind") == "ScaledObject"]
    assert release.urn in scaled.dependencies
    assert release.inputs["version"] == "2.20.2"
