"""Each row of the handbook's list has a stack, or a refusal with its reason, the date that is known and a way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.machines import machines
from aigc.catalog.managed import all_elsewhere, elsewhere, managed_sources
from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import plan_of, stack_file_faults
from tests.pure.plan.handbook import HANDBOOK, Ask, Refused, Uses
from tests.pure.plan.stacks_for_tests import write

ROWS = ("AWS", "GCP", "Azure", "SageMaker", "Vertex AI", "Azure ML", "Project Bonsai", "GPU V100", "GPU A100",
        "GPU H100", "TPU v4", "TPU v5e", "TPU v5p", "TPU v6e", "TPU 7x", "Cloud TPU VM", "Inferentia",
        "FPGA Stratix 10", "FPGA F2", "CPU EPYC", "CPU Xeon")  # fmt: skip
"""What the handbook names."""
ONLY_REFUSED = {"Vertex AI", "Azure ML", "Project Bonsai"}
USED = [row for row in HANDBOOK if isinstance(row, Uses)]
REFUSED = [row for row in HANDBOOK if isinstance(row, Refused)]


def asked(stack: Ask, repository: Path) -> dict[str, Any]:
    return stack(repository) if callable(stack) else stack


def planned(row: Uses, folder: Path, repository: Path) -> StackPlan:
    if isinstance(row.stack, str):
        return plan_of(row.stack)
    stack = asked(row.stack, repository)
    path = write(folder, stack)
    assert stack_file_faults(path, repository) == []
    return resolve(parse_stack_file(path), f"{stack['cloud']}-test", repository)


def test_no_row_is_missing() -> None:
    assert {row for row in ROWS if row not in {one.row for one in HANDBOOK}} == set()
    assert {row for row in ROWS if row not in {one.row for one in USED}} == ONLY_REFUSED


@pytest.mark.parametrize("row", USED, ids=lambda row: f"{row.row}: {row.machine_type}")
def test_a_stack_uses_it(tmp_path: Path, repository: Path, row: Uses) -> None:
    plan = planned(row, tmp_path, repository)
    if row.managed:
        assert [(one.machine_type, one.accelerator) for one in plan.managed_endpoints] == [
            (row.machine_type, row.accelerator)
        ]
        return
    if row.tpu_vm:
        assert [vm.accelerator for vm in plan.tpu_vms] == [row.accelerator]
        return
    pools = {pool.name: pool for pool in plan.pools}
    landed = [pools[endpoint.pool] for endpoint in plan.endpoints if endpoint.pool]
    assert (row.machine_type, row.accelerator) in [(pool.machine_type, pool.accelerator) for pool in landed]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.row)
def test_it_is_refused_with_its_reason(tmp_path: Path, repository: Path, row: Refused) -> None:
    found = stack_file_faults(write(tmp_path, asked(row.stack, repository)), repository)
    there = [one for one in found if one.where.endswith(f"aigc:stack.{row.where}")]
    assert any(row.reason in one.problem and row.way_out in one.way_out for one in there), found


@pytest.mark.parametrize(
    ("machine", "vendor"), [("c7a.2xlarge", "AMD"), ("c7i.2xlarge", "Intel")], ids=["CPU EPYC", "CPU Xeon"]
)
def test_the_processors_are_whose_they_are_said_to_be(machine: str, vendor: str) -> None:
    assert vendor in (machines("aws")[machine].note or "")


@pytest.mark.parametrize("row", all_elsewhere(), ids=lambda row: row.name)
def test_a_service_that_is_named_for_a_cloud_is_known(row: Any) -> None:
    assert set(row.source) <= set(managed_sources())
    assert [elsewhere(word.upper().replace("-", " ")) for word in row.words] == [row] * len(row.words)
    assert elsewhere("nobody's") is None
