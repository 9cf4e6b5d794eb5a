"""Pools that only AWS has: adapters between nodes, and machines whose accelerator nobody advertises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.stacks_for_tests import aws, gcp, write

FAST = {"machine_type": "trn1.32xlarge", "max_nodes": 2, "efa": True, "zones": ["us-east-1b"]}


def with_pool(**pool: Any) -> dict[str, Any]:
    return aws(pools=aws()["pools"] | {"l4": pool})


def plan(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    return resolve(parse_stack_file(write(folder, stack)), "aws-test", repository)


FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (with_pool(**FAST | {"machine_type": "g6.2xlarge"}), "l4.efa", "no Elastic Fabric Adapter", "larger machine"),
    (with_pool(**FAST | {"machine_type": "p6-b300.48xlarge"}), "l4.efa", "not known here", "remove it"),
    (with_pool(**FAST | {"zones": []}), "l4.efa", "the pool has 2", "zones: [us-east-1a]"),
    (gcp(pools=gcp()["pools"] | {"l4": {"machine_type": "g2-standard-8", "efa": True}}),
     "l4.efa", "means nothing on cloud gcp", "remove it"),
    (gcp(pools=gcp()["pools"] | {"l4": {"machine_type": "g2-standard-8", "node_image": "bottlerocket"}}),
     "l4.node_image", "means nothing on cloud gcp", "remove it"),
    (with_pool(machine_type="g7.2xlarge", node_image="bottlerocket"), "l4.machine_type", "needs 595", "node_image"),
    (with_pool(machine_type="inf2.xlarge", node_image="bottlerocket"), "l4.machine_type", "no image of bott", "image"),
    (with_pool(machine_type="g6.2xlarge", node_image="windows"), "l4.node_image", "windows", "bottlerocket"),
]  # fmt: skip


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    asked, where, problem, way_out = case
    found = stack_file_faults(write(tmp_path, asked), repository)
    assert any(where in one.where and problem in one.problem and way_out in one.way_out for one in found), found


def test_a_pool_gets_its_adapters_and_their_plugin_when_it_asks(tmp_path: Path, repository: Path) -> None:
    assert stack_file_faults(write(tmp_path, with_pool(**FAST)), repository) == []
    asked = plan(tmp_path, repository, with_pool(**FAST))
    assert asked.pools[1].efa_interfaces == 8
    assert "efa-device-plugin" in {part.name for part in asked.components}
    silent = plan(tmp_path, repository, with_pool(**FAST | {"efa": False}))
    assert silent.pools[1].efa_interfaces == 0
    assert "efa-device-plugin" not in {part.name for part in silent.components}


def test_a_pool_of_fpgas_keeps_others_off_and_promises_no_device(tmp_path: Path, repository: Path) -> None:
    stack = with_pool(machine_type="f2.6xlarge", max_nodes=2) | {"models": {"tiny": {"pool": "l4"}}}
    assert stack_file_faults(write(tmp_path, stack), repository) == []
    result = plan(tmp_path, repository, stack)
    pool, (endpoint,) = result.pools[1], result.endpoints
    assert (pool.resource_key, pool.labels["aigc/accelerator"]) == (None, "amd-vu47p")
    assert [(taint.key, taint.effect) for taint in pool.taints] == [("aigc/accelerator", "NoSchedule")]
    assert endpoint.tolerations == pool.taints and endpoint.resources.resource_key is None
    assert not [part.name for part in result.components if "device-plugin" in part.name]
    assert result.quotas[1].code == "L-74FC7D96", "often zero, so the plan says it"
    assert "aigc/accelerator" not in result.pools[0].labels and result.pools[0].taints == ()


def test_bottlerocket_is_a_choice_and_has_its_plugin_inside(tmp_path: Path, repository: Path) -> None:
    stack = with_pool(machine_type="g6.2xlarge", node_image="bottlerocket")
    assert stack_file_faults(write(tmp_path, stack), repository) == []
    result = plan(tmp_path, repository, stack)
    assert [pool.node_image for pool in result.pools] == ["AL2023_x86_64_STANDARD", "BOTTLEROCKET_x86_64_NVIDIA"]
    assert "nvidia-device-plugin" not in {part.name for part in result.components}
    both = aws()["pools"] | {"second": {"machine_type": "g6.2xlarge", "node_image": "bottlerocket"}}
    models = {"tiny": {"pool": "l4"}, "other": {"pool": "second"}}
    found = stack_file_faults(write(tmp_path, aws(pools=both, models=models)), repository)
    assert not [fault for fault in found if "second" in fault.where]


def test_prometheus_has_a_disk_where_there_is_a_driver_for_it(tmp_path: Path, repository: Path) -> None:
    monitoring = plan(tmp_path, repository, aws()).monitoring
    assert monitoring is not None and (monitoring.storage_class, monitoring.storage_gib) == ("aigc-gp3", 50)
    assert "volume of Prometheus" in plan(tmp_path, repository, aws()).cost.not_priced
    elsewhere = resolve(parse_stack_file(write(tmp_path, gcp())), "gcp-test", repository).monitoring
    assert elsewhere is not None and elsewhere.storage_class is None
