"""GPUs that AKS cuts into partitions: what a node then advertises, what AKS is asked for, and what it does not do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.accelerators import accelerators
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import machines
from aigc.clouds.azure.agent_pool import pool_settings
from aigc.config.stack_file import parse_stack_file
from aigc.foundation.accelerators import nvidia_values
from aigc.plan.devices import aks_partitions
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.text import render_text
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.stacks_for_tests import aws, azure, write

A100 = "Standard_NC24ads_A100_v4"


def cut(
    machine: str = A100, partition: str | None = "1g.10gb", stack: dict[str, Any] | None = None, **pool: Any
) -> Any:
    """A stack with a pool of GPUs that are cut, and a model on it."""
    asked = {"machine_type": machine, "max_nodes": 2, "partition": partition} | pool
    pools = {"platform": azure()["pools"]["platform"], "x": {k: v for k, v in asked.items() if v is not None}}
    return azure(pools=pools, models={"tiny": {"pool": "x"}}) | (stack or {})


def plan(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    return resolve(parse_stack_file(write(folder, stack)), "azure-test", repository)


@pytest.mark.parametrize(
    ("machine", "partition", "devices", "profile"),
    [
        (A100, "1g.10gb", 7, "MIG1g"),
        ("Standard_NC48ads_A100_v4", "2g.20gb", 6, "MIG2g"),
        ("Standard_NC40ads_H100_v5", "1g.12gb", 7, "MIG1g"),
        ("Standard_NC80adis_H100_v5", "3g.47gb", 4, "MIG3g"),
        # "nvidia.com/gpu: 56", as gpu-multi-instance.md shows such a node.
        ("Standard_ND96asr_v4", "1g.5gb", 56, "MIG1g"),
        ("Standard_ND96isr_H100_v5", "4g.40gb", 8, "MIG4g"),
        ("Standard_ND96isr_H200_v5", "7g.141gb", 8, "MIG7g"),
        (A100, None, 1, None),
    ],
)
def test_a_part_is_advertised_as_a_gpu(
    tmp_path: Path, repository: Path, machine: str, partition: str | None, devices: int, profile: str | None
) -> None:
    result = plan(tmp_path, repository, cut(machine, partition))
    pool, (tiny,) = result.pools[1], result.endpoints
    assert (pool.resource_key, pool.devices_per_node) == ("nvidia.com/gpu", devices)
    assert (tiny.resources.resource_key, tiny.resources.accelerators) == ("nvidia.com/gpu", 1)
    assert tiny.scaling.max_replicas == 2 * devices, "a node holds as many replicas as its GPUs have parts"
    assert pool_settings(result, pool)["gpu_instance_profile"] == profile
    assert pool_settings(result, result.pools[0])["gpu_instance_profile"] is None
    assert nvidia_values(result).get("migStrategy") == ("single" if profile else None)
    assert (f"partition                            {partition}" in render_text(result)) is (partition is not None)


def test_aks_has_one_size_for_each_number_of_slices() -> None:
    of = {row.accelerator_id: aks_partitions(row) for row in accelerators().values()}
    assert of["nvidia-a100-40gb"] == {"1g.5gb": 7, "2g.10gb": 3, "3g.20gb": 2, "4g.20gb": 1, "7g.40gb": 1}
    assert of["nvidia-h200-141gb"] == {"1g.18gb": 7, "2g.35gb": 3, "3g.71gb": 2, "4g.71gb": 1, "7g.141gb": 1}
    assert of["nvidia-b200"] == of["nvidia-l4"] == {}
    cuttable = {row.accelerator_id for row in machines(Cloud.AZURE).values() if of.get(row.accelerator_id or "")}
    assert len(cuttable) == 6, "each A100, H100 and H200 of Azure, whatever its machine"


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    (cut("Standard_NC8as_T4_v3"), "(NVIDIA T4) cannot be cut", "nvidia-a100-40gb"),
    (cut("Standard_D8as_v6"), "(no accelerator) cannot be cut", "remove it"),
    (cut(partition="1g.5gb"), "1g.5gb is no size of partition of NVIDIA A100 80GB PCIe", "1g.10gb"),
    (cut(partition="1g.20gb"), "of NVIDIA A100 80GB PCIe on azure", "2g.20gb"),
    (cut(partition="MIG1g"), "MIG1g is no size of partition", "sizes"),
    (cut(stack={"node_provisioning": "auto"}), "Karpenter makes nodes with whole GPUs", "keep its nodes"),
    (
        aws(pools=aws()["pools"] | {"l4": {"machine_type": "g6.2xlarge", "partition": "1g.5gb"}}),
        "on cloud aws",
        "remove",
    ),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case[1])
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str]) -> None:
    stack, problem, way_out = case
    found = stack_file_faults(write(tmp_path, stack), repository)
    assert any(
        one.where.endswith(".partition") and problem in one.problem and way_out in one.way_out for one in found
    ), found


def test_beside_karpenter_a_pool_that_stays_may_be_cut(tmp_path: Path, repository: Path) -> None:
    kept = cut(min_nodes=2, stack={"node_provisioning": "auto"})
    assert stack_file_faults(write(tmp_path, kept), repository) == []
    assert plan(tmp_path, repository, kept).pools[1].devices_per_node == 7
