"""What cannot be is named with its path by the command itself, before anything is made: exit code 2, no traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.__main__ import run_verb
from tests.pure.plan.gke_stacks import V5E, ZONE
from tests.pure.plan.stacks_for_tests import aws, azure, gcp, write

GPT: dict[str, Any] = {"gpt": {"pool": "x"}}


def with_pool(stack: dict[str, Any], models: dict[str, Any] | None = None, **pool: Any) -> dict[str, Any]:
    """The stack's platform and one pool more, on which its model is, both of this repository."""
    return stack | {"pools": {"platform": stack["pools"]["platform"], "x": pool}, "models": models or GPT}


def steady(least: int) -> dict[str, Any]:
    return {"mode": "steady", "pool": "x", "replicas": {"min": least, "max": least}}


PASSED_OVER = "Standard_NC128ds_xl_RTXPRO6000BSE_v6"
BLOCK: dict[str, Any] = {
    "machine_type": "p5.48xlarge",
    "zones": ["us-east-1b"],
    "capacity": "reserved",
    "reservation": "cr-0123456789abcdef0",
    "capacity_block": True,
    "reservation_until": "2026-01-31T11:30Z",
}
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a wrong topology": (
        with_pool(gcp(zones=ZONE), machine_type=V5E, topology="5x5"),
        "aigc:stack.pools.x.topology",
        "5x5 is no shape that machines ct5lp-hightpu-4t form",
    ),
    "an accelerator that the cloud does not sell": (
        gcp(models={"gpt": {"accelerators": ["aws-inferentia2"]}}),
        "aigc:stack.models.gpt.accelerators[0]",
        "gcp does not sell aws-inferentia2",
    ),
    "a pool that can never scale from zero": (
        with_pool(azure(node_provisioning="auto"), machine_type=PASSED_OVER),
        "aigc:stack.pools.x.machine_type",
        f"no node of {PASSED_OVER} would come",
    ),
    "a reservation that is over": (
        with_pool(aws(), **BLOCK),
        "aigc:stack.pools.x.reservation_until",
        "cr-0123456789abcdef0 ended at 2026-01-31T11:30Z",
    ),
    "two models that cannot fit": (
        with_pool(
            aws(), {"gpt": steady(2), "gpt_handbook": steady(1)}, machine_type="g6.2xlarge", min_nodes=2, max_nodes=2
        ),
        "aigc:stack.models.gpt_handbook.pool",
        "there is no room beside gpt: pool x has 2 nvidia.com/gpu at most",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_command_names_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    asked, where, problem = CASES[name]
    path = write(tmp_path, asked)
    assert run_verb(["validate", "--file", str(path), "--today", "2026-11-29"]) == 2
    captured = capsys.readouterr()
    said = " ".join((captured.out + captured.err).split())
    assert f"{where} {problem}" in said and "Traceback" not in said, said
