"""What must be asked for before a stack can grow to its bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.text import render_text
from tests.pure.plan.stacks_for_tests import aws, gcp, local, write


def plan(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    return resolve(parse_stack_file(write(folder, stack)), f"{stack['cloud']}-test", repository)


def test_aws_counts_processors_a_family_and_a_way_of_paying(tmp_path: Path, repository: Path) -> None:
    platform, l4 = plan(tmp_path, repository, aws()).quotas
    assert (platform.code, platform.needed, platform.unit) == ("L-1216C47A", 8.0, "vCPU")
    assert (l4.code, l4.needed) == ("L-3819A6DF", 16.0)
    assert l4.name == "All G and VT Spot Instance Requests"


def test_pools_of_one_quota_are_added(tmp_path: Path, repository: Path) -> None:
    pools = aws()["pools"]
    more = pools | {"second": {"machine_type": "c7a.8xlarge", "max_nodes": 3}}
    first, _ = plan(tmp_path, repository, aws(pools=more)).quotas
    assert (first.pools, first.needed) == (("platform", "second"), 8.0 + 3 * 32)


def test_gcp_counts_accelerators_and_says_what_it_does_not_know(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, gcp())
    platform, l4 = result.quotas
    assert platform.code is None and "does not know" in platform.name
    assert (l4.code, l4.needed, l4.unit) == ("PREEMPTIBLE_NVIDIA_L4_GPUS", 2.0, "GPU per region")
    text = render_text(result)
    assert "PREEMPTIBLE_NVIDIA_L4_GPUS" in text and platform.name in text


def test_a_stack_without_pools_needs_none(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, local())
    assert result.quotas == ()
    assert "Quota" not in render_text(result)
