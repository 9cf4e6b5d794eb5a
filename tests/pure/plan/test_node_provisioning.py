"""Who makes nodes on AWS: the choice, what follows from it, and what nobody would make nodes for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.stacks_for_tests import aws, gcp, local, write

PLATFORM = {"machine_type": "c7i.2xlarge", "min_nodes": 1, "max_nodes": 1}
L4 = aws()["pools"]["l4"]


def karpenter(platform: dict[str, Any] = PLATFORM, **l4: Any) -> dict[str, Any]:
    return aws(node_provisioning="karpenter", pools={"platform": platform, "l4": L4 | l4})


RESERVED: dict[str, Any] = {"capacity": "reserved", "reservation": "cr-0123456789abcdef0", "zones": ["us-east-1a"]}
FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (karpenter(PLATFORM | {"max_nodes": 2}), "platform.max_nodes", "nothing resizes", "the same, or min_nodes 0"),
    (karpenter(**RESERVED), "l4.capacity", "not told of reservations", "cluster_autoscaler"),
    (karpenter(machine_type="g6.8xlarge", efa=True, zones=["us-east-1a"]), "l4.efa", "not built", "cluster_auto"),
    (karpenter(node_image="bottlerocket"), "l4.node_image", "not built for nodes of Karpenter", "remove it"),
    (gcp(node_provisioning="karpenter"), "node_provisioning", "means nothing on cloud gcp", "remove it"),
    (local(node_provisioning="karpenter"), "node_provisioning", "means nothing on cloud local", "remove it"),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    asked, where, problem, way_out = case
    found = stack_file_faults(write(tmp_path, asked), repository)
    assert any(where in one.where and problem in one.problem and way_out in one.way_out for one in found), found


def plan(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    path = write(folder, stack)
    assert stack_file_faults(path, repository) == []
    return resolve(parse_stack_file(path), "aws-test", repository)


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
