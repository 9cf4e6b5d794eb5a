"""Who makes nodes on AWS and Azure: the choice, what follows from it, and what nobody would make nodes for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import machines
from aigc.config.stack_file import parse_stack_file
from aigc.plan.capacity import allocatable, allocatable_memory_mib
from aigc.plan.resolve import resolve
from aigc.plan.room import room_of_node
from aigc.plan.stack_plan import StackPlan
from aigc.plan.text import render_text
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.stacks_for_tests import aws, azure, gcp, local, write

PLATFORM = {"machine_type": "c7i.2xlarge", "min_nodes": 1, "max_nodes": 1}
L4 = aws()["pools"]["l4"]
AKS_PLATFORM, T4 = azure()["pools"].values()
RTX = "Standard_NC128ds_xl_RTXPRO6000BSE_v6"


def karpenter(platform: dict[str, Any] = PLATFORM, **l4: Any) -> dict[str, Any]:
    return aws(node_provisioning="karpenter", pools={"platform": platform, "l4": L4 | l4})


def auto(pool: str = "t4", **changes: Any) -> dict[str, Any]:
    return azure(node_provisioning="auto", pools={"platform": AKS_PLATFORM, pool: T4 | changes})


RESERVED: dict[str, Any] = {"capacity": "reserved", "reservation": "cr-0123456789abcdef0", "zones": ["us-east-1a"]}
FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (karpenter(PLATFORM | {"max_nodes": 2}), "platform.max_nodes", "nothing resizes", "the same, or min_nodes 0"),
    (karpenter(**RESERVED), "l4.capacity", "not told of reservations", "cluster_autoscaler"),
    (karpenter(machine_type="g6.8xlarge", efa=True, zones=["us-east-1a"]), "l4.efa", "not built", "cluster_auto"),
    (karpenter(node_image="bottlerocket"), "l4.node_image", "not built for nodes of Karpenter", "remove it"),
    (gcp(node_provisioning="karpenter"), "node_provisioning", "means nothing on cloud gcp", "remove it"),
    (local(node_provisioning="karpenter"), "node_provisioning", "means nothing on cloud local", "remove it"),
    (aws(node_provisioning="auto"), "node_provisioning", "auto is not built for cloud aws", "karpenter or auto_mode"),
    (azure(node_provisioning="karpenter"), "node_provisioning", "karpenter is not built for cloud azure", "or auto"),
    (auto(min_nodes=1), "t4.max_nodes", "nothing resizes", "the same, or min_nodes 0"),
    (auto(machine_type=RTX), "t4.machine_type", "would come: its list of machines", "keep its nodes"),
    (auto(disk_gib=2049), "t4.disk_gib", "2049 is more", "2048 or less"),
    (auto("default"), "pools.default", "a node class of its own", "another name"),
    (auto(capacity="reserved", reservation="mine"), "t4.capacity", "no reservation can be used yet", "on_demand"),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    asked, where, problem, way_out = case
    found = stack_file_faults(write(tmp_path, asked), repository)
    assert any(where in one.where and problem in one.problem and way_out in one.way_out for one in found), found


def plan(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    path = write(folder, stack)
    assert stack_file_faults(path, repository) == []
    return resolve(parse_stack_file(path), f"{stack['cloud']}-test", repository)


def test_pools_that_keep_nodes_stay_groups(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, karpenter())
    assert [(pool.name, pool.karpenter) for pool in result.pools] == [("platform", False), ("l4", True)]
    parts = {part.name for part in result.components}
    assert "karpenter" in parts and "cluster-autoscaler" not in parts and "nvidia-device-plugin" in parts
    assert "cluster-autoscaler" not in result.images
    assert {one.name: one.pod_security for one in result.namespaces}["karpenter"] == "restricted"


def test_its_images_are_pinned(tmp_path: Path, repository: Path) -> None:
    platform, l4 = plan(tmp_path, repository, karpenter()).pools
    assert platform.node_image == "AL2023_x86_64_STANDARD"
    family, _, release = (l4.node_image or "").partition("@")
    assert family == "al2023" and release.startswith("v20") and "latest" not in release


def test_without_a_choice_groups_are_resized(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, aws())
    assert not any(pool.karpenter for pool in result.pools)
    assert "karpenter" not in {part.name for part in result.components}


def test_on_aks_the_choice_and_no_pool_decides_who_enforces_policies(tmp_path: Path, repository: Path) -> None:
    fixed = azure(node_provisioning="auto", pools={"platform": AKS_PLATFORM})
    for stack, engine, made in ((azure(), "calico", False), (auto(), "cilium", True), (fixed, "cilium", True)):
        result = plan(tmp_path, repository, stack)
        assert result.azure is not None
        assert (result.azure.network_policy, result.azure.node_auto_provisioning) == (engine, made)
        assert f"network policy                       {engine}" in render_text(result)


def test_aks_runs_karpenter_itself_and_pools_that_keep_nodes_stay_agent_pools(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, auto())
    assert [(pool.name, pool.karpenter, pool.node_image) for pool in result.pools] == [
        ("platform", False, "Ubuntu"),
        ("t4", True, "Ubuntu"),
    ]
    parts = {part.name for part in result.components}
    assert "nvidia-device-plugin" in parts and not {"karpenter", "cluster-autoscaler"} & parts
    assert result.endpoints == plan(tmp_path, repository, azure()).endpoints, "a pod does not know who made its node"
    kept = auto(machine_type=RTX, min_nodes=2, zones=[])
    assert not any(pool.karpenter for pool in plan(tmp_path, repository, kept).pools), "of an agent pool it may be"


def test_a_pod_that_aks_karpenter_makes_no_node_for_is_refused(tmp_path: Path, repository: Path) -> None:
    """A request between what Karpenter believes that a node has and what the node has would wait for ever."""
    row = machines(Cloud.AZURE)["Standard_NC8as_T4_v3"]
    believed, there = allocatable_memory_mib(row, by_karpenter=True), allocatable_memory_mib(row)
    # 25% of the first 4 GiB, 20% of the next 4, 10% of the next 8, 6% of the other 40, and 750 MiB for evictions.
    assert believed == int(56 * 1024 * 0.925) - int(5.0 * 1024) - 750 < there
    between = {"models": {"tiny": {"resources": {"memory_mib": (believed + there) // 2}}}}
    assert stack_file_faults(write(tmp_path, azure() | between), repository) == []
    (fault,) = stack_file_faults(write(tmp_path, auto() | between), repository)
    assert "memory_mib" in fault.where and f"gives {believed}" in fault.problem
    result = plan(tmp_path, repository, auto())
    assert [room_of_node(result, pool)[1] for pool in result.pools] == [
        allocatable_memory_mib(machines(Cloud.AZURE)["Standard_D8as_v6"]),
        believed,
    ]
    assert allocatable(machines(Cloud.AWS)["g6.2xlarge"]) == allocatable(
        machines(Cloud.AWS)["g6.2xlarge"], by_karpenter=True
    ), "on EKS the two agree"
