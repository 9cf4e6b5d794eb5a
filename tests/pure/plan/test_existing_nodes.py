"""Plans on a cluster that somebody has: pools describe its nodes, pods are placed by them, nothing is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import ComponentSource, StackPlan
from aigc.plan.text import render_text
from aigc.plan.validation import plan_of, stack_file_faults
from scripts.preview.placement import placements
from tests.pure.plan.stacks_for_tests import existing, gcp, local, write

AF = "fpga.intel.com/af-695.d84.aVKNtusxV3qMNmj5-qCB9thCTcSko8QT-J5DNoP5BAs"
REGION = "fpga.intel.com/region-69528db6eb31577a8c3668f9faa081f6"
CPU_NODES = {"vcpus": 62, "memory_gib": 250}
GPU_NODES = {
    "node_selector": {"nvidia.com/gpu.present": "true"},
    "taints": [{"key": "nvidia.com/gpu"}],
    "vcpus": 30,
    "memory_gib": 120,
    "accelerator": "nvidia-l40s",
    "accelerators_per_node": 4,
}
FPGA_NODES = {"vcpus": 30, "memory_gib": 120, "accelerator": "intel-stratix10", "resource_key": AF}


def pool(nodes: dict[str, Any] | None, count: int = 2, **more: Any) -> dict[str, Any]:
    return {"min_nodes": count, "max_nodes": count} | ({"nodes": nodes} if nodes is not None else {}) | more


def racks(gpu: dict[str, Any] | None = None, fpga: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    pools = {
        "cpu": pool(CPU_NODES),
        "gpu": pool(GPU_NODES | (gpu or {})),
        "fpga": pool(FPGA_NODES | (fpga or {}), 1),
    }
    return existing(pools=pools) | more


def planned(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    return resolve(parse_stack_file(write(folder, stack)), "existing-test", repository)


def asking(**model: Any) -> dict[str, Any]:
    return {"models": {"tiny": model}}


FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (existing(pools={"cpu": pool(None)}), "cpu.nodes", "is missing", "kubectl describe node"),
    (existing(pools={"Cpu": pool(CPU_NODES)}), "pools.Cpu", "value of a label", "lowercase"),
    (existing(pools={"cpu": pool(CPU_NODES, disk_gib=50)}), "cpu.disk_gib", "means nothing", "remove it"),
    (existing(pools={"cpu": pool(CPU_NODES, capacity="spot")}), "cpu.capacity", "means nothing", "remove it"),
    (existing(pools={"cpu": pool(CPU_NODES, zones=["a"])}), "cpu.zones", "means nothing", "remove it"),
    (existing(pools={"cpu": pool(CPU_NODES, max_nodes=1)}), "cpu.min_nodes", "2 is more than", "lower"),
    (racks(gpu={"node_selector": {"a b": "c"}}), "node_selector.a b", "cannot be a label", "--show-labels"),
    (racks(gpu={"node_selector": {"a": "-"}}), "node_selector.a", "cannot be a label", "--show-labels"),
    (racks(gpu={"taints": [{"key": "a/b/c"}]}), "taints[0]", "cannot be a taint", "letters"),
    (racks(gpu={"taints": [{"key": "a", "effect": "Never"}]}), "taints[0].effect", "", "NoSchedule"),
    (racks(gpu={"accelerator": "nvidia-l40"}), "nodes.accelerator", "not in the catalog", "nvidia-l40s"),
    (racks(gpu={"accelerator": None}), "nodes.accelerators_per_node", "without accelerator", "name the accelerator"),
    (racks(gpu={"resource_key": "gpu"}), "nodes.resource_key", "no extended resource", "nvidia.com/gpu"),
    (racks(fpga={"resource_key": None}), "nodes.resource_key", "is missing", "Allocatable"),
    (racks(fpga={"resource_key": "fpga.intel.com/d5005"}), "nodes.resource_key", "nothing that Intel's", "region-"),
    (
        racks(fpga={"resource_key": REGION, "install_device_plugin": True}),
        "nodes.install_device_plugin",
        "cert-manager",
        "install it yourself",
    ),
    (
        racks(gpu={"resource_key": "example.com/gpu", "install_device_plugin": True}),
        "nodes.install_device_plugin",
        "no plugin is installed here",
        "install it yourself",
    ),
    (racks(fpga={"node_selector": GPU_NODES["node_selector"]}), "fpga.nodes.node_selector", "counted twice", "labels"),
    (racks(**asking(pool="gqu")), "tiny.pool", "there is no pool", "gpu"),
    (racks(**asking(accelerators=["nvidia-l4"])), "tiny.accelerators", "no pool carries", "intel-stratix10"),
    (
        racks(gpu={"vcpus": 1}, **asking(pool="gpu", resources={"cpu_millicores": 900})),
        "cpu_millicores",
        "1050",
        "1000",
    ),
    (racks(gpu={"memory_gib": 1}, **asking(pool="gpu", resources={"memory_mib": 1024})), "memory_mib", "1280", "1024"),
    (racks(**asking(pool="gpu", replicas={"min": 9})), "replicas.min", "at most 8 replicas", "raise max_nodes"),
    (
        racks(gpu={"node_selector": {"kubernetes.io/arch": "arm64"}}, **asking(pool="gpu")),
        "tiny.pool",
        "is arm64",
        "other machines",
    ),
    (
        racks(**asking(pool="gpu", overflow_pools=["cpu"])),
        "tiny.pool",
        "labels of yours",
        "label its nodes aigc/pool=gpu",
    ),
    (existing(**asking(pool="gpu")), "tiny.pool", "no pools of ours", "describe its nodes"),
    (existing(**asking(accelerators=["intel-stratix10"])), "accelerators[0]", "under which name", "resource_key"),
    (gcp(pools={"cpu": pool(CPU_NODES)}), "cpu.nodes", "which makes the nodes", "machine_type"),
    (gcp(pools={"cpu": pool(None)}), "cpu.machine_type", "is missing", "machines.yaml"),
    (local(pools={"cpu": pool(CPU_NODES)}), "pools", "no pools of ours", "remove them"),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    asked, where, problem, way_out = case
    found = stack_file_faults(write(tmp_path, asked), repository)
    said = [one for one in found if where in one.where and problem in one.problem]
    assert said, found
    assert any(way_out in one.way_out or way_out in one.problem for one in said), said


def test_a_described_cluster_has_no_fault(tmp_path: Path, repository: Path) -> None:
    assert stack_file_faults(write(tmp_path, racks()), repository) == []


def test_a_pod_goes_to_the_nodes_that_its_pool_describes(tmp_path: Path, repository: Path) -> None:
    (endpoint,) = planned(tmp_path, repository, racks(**asking(accelerators=["nvidia-l40s"]))).endpoints
    assert (endpoint.pool, endpoint.node_selector) == ("gpu", {"nvidia.com/gpu.present": "true"})
    assert (endpoint.resources.accelerators, endpoint.resources.resource_key) == (1, "nvidia.com/gpu")
    assert [(one.key, one.value, one.effect) for one in endpoint.tolerations] == [("nvidia.com/gpu", "", "NoSchedule")]


def test_nodes_that_name_no_labels_are_chosen_by_ours(tmp_path: Path, repository: Path) -> None:
    (endpoint,) = planned(tmp_path, repository, racks(**asking(accelerators=["intel-stratix10"]))).endpoints
    assert endpoint.node_selector == {"aigc/pool": "fpga"}
    assert (endpoint.resources.accelerators, endpoint.resources.resource_key) == (1, AF)


def test_replicas_are_as_many_as_its_nodes_hold(tmp_path: Path, repository: Path) -> None:
    model = {"mode": "knative", "pool": "gpu"}
    plan = planned(tmp_path, repository, racks(**asking(**model)))
    assert plan.endpoints[0].scaling.max_replicas == 8  # 2 nodes with 4 GPUs
    small = racks(gpu={"memory_gib": 1.6}, **asking(**model, resources={"memory_mib": 500}))
    assert planned(tmp_path, repository, small).endpoints[0].scaling.max_replicas == 4  # 1638 of 756 MiB: 2 a node


def test_what_is_not_known_of_nodes_is_shown_as_unknown(tmp_path: Path, repository: Path) -> None:
    unknown = {"vcpus": None, "memory_gib": None}
    stack = racks(gpu=unknown, **asking(pool="gpu"))
    assert stack_file_faults(write(tmp_path, stack), repository) == []
    (row,) = placements(planned(tmp_path, repository, stack))
    assert (row.allocatable_cpu_millicores, row.allocatable_memory_mib, row.allocatable_accelerators) == (None, None, 4)


def test_a_replica_is_held_against_what_the_owner_says_is_left(tmp_path: Path, repository: Path) -> None:
    (row,) = placements(planned(tmp_path, repository, racks(**asking(pool="gpu"))))
    assert (row.allocatable_cpu_millicores, row.allocatable_memory_mib) == (30_000, 120 * 1024)


def test_a_device_plugin_is_installed_only_if_asked_for(tmp_path: Path, repository: Path) -> None:
    names = {part.name for part in planned(tmp_path, repository, racks()).components}
    assert not {name for name in names if name.endswith("plugin")}
    both = racks(gpu={"install_device_plugin": True}, fpga={"install_device_plugin": True})
    plan = planned(tmp_path, repository, both)
    parts = {part.name: part.source for part in plan.components if part.name.endswith("plugin")}
    assert parts == {
        "nvidia-device-plugin": ComponentSource.RELEASE,
        "intel-fpga-plugin": ComponentSource.PROGRAM,
    }
    assert plan.images["intel-fpga-plugin"].endswith("/intel-fpga-plugin:0.36.0")
    assert "accelerators" in {one.name for one in plan.namespaces}


def test_several_pools_need_our_label_and_then_overflow(tmp_path: Path, repository: Path) -> None:
    stack = racks(gpu={"node_selector": {}}, **asking(pool="gpu", overflow_pools=["more"]))
    stack["pools"]["more"] = pool(GPU_NODES | {"node_selector": {}}, 1)
    (endpoint,) = planned(tmp_path, repository, stack).endpoints
    assert (endpoint.pools, endpoint.node_selector) == (("gpu", "more"), {})


def test_no_quota_no_price_and_nothing_of_a_clouds_pool_is_said(tmp_path: Path, repository: Path) -> None:
    plan = planned(tmp_path, repository, racks())
    assert plan.quotas == () and plan.cost.items == ()
    section = render_text(plan).split("Pool gpu")[1].split("\n\n")[0]
    assert "nvidia.com/gpu=:NoSchedule" in section and "device plugin" in section
    assert not [word for word in ("capacity", "zones", "disk gib", "node image") if word in section]


def test_the_stack_on_premises_has_every_kind_of_node() -> None:
    plan = plan_of("onprem")
    assert {one.accelerator for one in plan.pools} == {None, "nvidia-l40s", "intel-stratix10"}
    assert not any(one.made for one in plan.pools)
    assert {one.pool for one in plan.endpoints} == {"xeon-l40s", "stratix"}


@pytest.mark.parametrize(
    ("name", "fine"), [("onprem", True), ("onprem-lab", True), ("existing-lab", True), ("lab", False)]
)
def test_such_a_stack_may_be_called_after_its_place(tmp_path: Path, repository: Path, name: str, fine: bool) -> None:
    faults = stack_file_faults(write(tmp_path, racks(), name), repository)
    assert (faults == []) == fine
    assert stack_file_faults(write(tmp_path, gcp(), "onprem-gcp"), repository) != []
