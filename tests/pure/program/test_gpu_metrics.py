"""Prometheus hears of NVIDIA's GPUs wherever a device plugin of ours tells Kubernetes of them, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.config.stack_file import parse_stack_file
from aigc.foundation.gpu_metrics import chart_values
from aigc.foundation.network_policy import network_policies
from aigc.observability.dashboards import dashboards
from aigc.observability.monitors import monitor_bodies
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import plan_of
from tests.flows.evaluator import Peer, allowed, denied
from tests.flows.forbidden import ROLES
from tests.pure.plan.stacks_for_tests import add_model, aws, azure, gcp, write
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import aws_plan, release_plan
from tests.pure.program.test_graph import ancestors, custom, one

EXPORTER = Peer("accelerators", {"app.kubernetes.io/name": "dcgm-exporter"}, "10.32.0.20")


def planned(folder: Path, stack: dict[str, Any]) -> StackPlan:
    add_model(folder / "models", "tiny")
    return resolve(parse_stack_file(write(folder, stack)), f"{stack['cloud']}-test", folder / "models")


def pools(machine_type: str, **more: Any) -> dict[str, Any]:
    return {"pools": {"platform": aws()["pools"]["platform"], "x": {"machine_type": machine_type, **more}},
            "models": {"tiny": {"pool": "x"}}}  # fmt: skip


@pytest.mark.parametrize(
    ("stack", "there"),
    [
        (aws(), True),
        (azure(), True),
        (gcp(), False),
        (aws(monitoring={"enabled": False}), False),
        (aws(**pools("inf2.xlarge")), False),
        (aws(**pools("c7i.2xlarge", min_nodes=1)), False),
        (aws(**pools("g6.2xlarge", node_image="bottlerocket")), False),
        (aws(node_provisioning="auto_mode"), False),
    ],
    ids=["aws", "azure", "gcp", "nobody watches", "Neuron", "no accelerator", "Bottlerocket", "Auto Mode"],
)
def test_it_comes_with_the_device_plugin(tmp_path: Path, stack: dict[str, Any], there: bool) -> None:
    parts = {part.name for part in planned(tmp_path, stack).components}
    assert ("dcgm-exporter" in parts) is there
    assert there <= ("nvidia-device-plugin" in parts)


def test_on_nodes_of_others_it_comes_where_they_want_the_plugin() -> None:
    plan = plan_of("onprem")
    assert "dcgm-exporter" in {part.name for part in plan.components}
    required = chart_values(plan)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = required["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "nvidia.com/gpu.present", "operator": "In", "values": ["true"]}]


def test_it_runs_where_the_gpus_are_and_brings_no_monitor_of_its_own() -> None:
    values = chart_values(aws_plan())
    assert [one["key"] for one in values["tolerations"]] == ["nvidia.com/gpu"]
    assert values["resources"]["requests"]["memory"] and values["serviceMonitor"] == {"enabled": False}


def test_prometheus_may_ask_it_and_keeps_the_pod_that_it_names() -> None:
    plan = plan_of("aws-prod")
    policies = network_policies(plan, None)
    assert allowed(policies, ROLES["prometheus"], EXPORTER, 9400)
    assert denied(policies, ROLES["gpt"], EXPORTER, 9400)
    assert denied(policies, ROLES["stranger"], EXPORTER, 9400)
    (monitor,) = [body for body in monitor_bodies(["accelerators"]) if body["metadata"]["name"] == "dcgm-exporter"]
    (scrape,) = monitor["spec"]["podMetricsEndpoints"]
    assert (scrape["port"], scrape["honorLabels"]) == ("metrics", True)


@pytest.mark.parametrize(
    ("stack", "there"), [("aws-dev", True), ("onprem", True), ("gcp-dev", False), ("local", False)]
)
def test_the_fleets_page_shows_gpus_where_somebody_tells_of_them(stack: str, there: bool) -> None:
    (fleet,) = [page for page in dashboards(plan_of(stack)) if page.uid == "aigc-fleet"]
    assert ("GPUs" in {row.title for row in fleet.rows}) is there


def test_no_model_waits_for_it() -> None:
    plan = aws_plan()
    parts = (*plan.components, release_plan("dcgm-exporter", "4.8.2", "accelerators"))
    graph = graph_of(lambda: build(plan.model_copy(update={"components": parts})), "aws-test")
    (release,) = [item for item in custom(graph) if item.is_release and item.name == "dcgm-exporter"]
    assert one(graph, "Namespace", "accelerators").urn in ancestors(graph, release)
    assert release.urn not in ancestors(graph, one(graph, "Service", "gpt"))
