"""A machine type is one row of the catalog, an accelerator another one: nothing else has to be touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.validation import stack_file_faults
from scripts.preview.placement import placements
from tests.pure.catalog.more_rows import catalog_with
from tests.pure.plan.stacks_for_tests import add_model, aws, write

MACHINE = (
    "- {cloud: aws, machine_type: g9.2xlarge, vcpus: 8, memory_gib: 32, max_pods: 58, accelerator: NVIDIA X1, "
    "accelerator_id: nvidia-x1, accelerator_count: 2, accelerator_memory_gib: 48, usd_per_hour_on_demand: 2.0, "
    "price_region: us-east-1, k8s_resource: nvidia.com/gpu, quota: {name: 'Running On-Demand G and VT instances', "
    "unit: vCPU, on_demand: L-DB2E81BA, spot: L-3819A6DF}, status: current, source: [S1]}"
)
ACCELERATOR = (
    "- {accelerator: NVIDIA X1, accelerator_id: nvidia-x1, memory_gb: 48, memory_bandwidth_gb_s: null, "
    "fp16_bf16_dense_tflops: null, int8_dense_tops: null, fp8_dense_tflops: null, tdp_w: null, source: [S1]}"
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    add_model(tmp_path / "models", "tiny")
    return tmp_path / "models"


def stack(**model: Any) -> dict[str, Any]:
    pools = {"platform": aws()["pools"]["platform"], "x1": {"machine_type": "g9.2xlarge", "max_nodes": 3}}
    return aws(pools=pools, models={"tiny": model})


def test_without_its_row_it_is_not_known(tmp_path: Path, repository: Path) -> None:
    (fault,) = stack_file_faults(write(tmp_path, stack(pool="x1")), repository)
    assert "g9.2xlarge is not in the catalog" in fault.problem


def test_a_machine_type_is_one_row(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, stack(pool="x1"))
    with catalog_with(monkeypatch, tmp_path, machines=MACHINE):
        assert stack_file_faults(path, repository) == []
        plan = resolve(parse_stack_file(path), "aws-test", repository)
        (placed,) = placements(plan)
    pool = next(pool for pool in plan.pools if pool.name == "x1")
    assert (pool.accelerator, pool.devices_per_node, pool.node_image) == ("nvidia-x1", 2, "AL2023_x86_64_NVIDIA")
    assert [taint.key for taint in pool.taints] == ["nvidia.com/gpu"]
    (nodes,) = [item for item in plan.cost.items if item.pool == "x1"]
    assert nodes.maximum.usd_per_month_high == pytest.approx(3 * 2.0 * 730)
    (quota,) = [row for row in plan.quotas if row.pools == ("x1",)]
    assert (quota.code, quota.needed) == ("L-DB2E81BA", 24.0)
    assert (placed.pool, placed.accelerators, placed.allocatable_accelerators) == ("x1", 1, 2)
    assert any(component.name == "nvidia-device-plugin" for component in plan.components)


def test_an_accelerator_is_one_row_more(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, stack(accelerators=["nvidia-x1"]))
    with catalog_with(monkeypatch, tmp_path, machines=MACHINE):
        (fault,) = stack_file_faults(path, repository)
        assert "nvidia-x1 is not in the catalog" in fault.problem
    with catalog_with(monkeypatch, tmp_path / "both", machines=MACHINE, accelerators=ACCELERATOR):
        assert stack_file_faults(path, repository) == []
        (endpoint,) = resolve(parse_stack_file(path), "aws-test", repository).endpoints
    assert endpoint.pool == "x1"
