"""Models that fit by themselves and not beside each other are refused; what can be is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.plan.validation import stack_file_faults
from tests.pure.plan.stacks_for_tests import aws, existing, gcp, write

PLATFORM = aws()["pools"]["platform"]
L4 = {"machine_type": "g6.2xlarge", "max_nodes": 2}


def steady(least: int = 1, pool: str = "l4", **more: Any) -> dict[str, Any]:
    return {"mode": "steady", "pool": pool, "replicas": {"min": least, "max": least}} | more


def knative(pool: str = "l4") -> dict[str, Any]:
    return {"mode": "knative", "pool": pool}


def pair(first: dict[str, Any], second: dict[str, Any], **pools: Any) -> dict[str, Any]:
    known = {"platform": PLATFORM, "l4": L4} | pools
    return aws(pools=known, models={"tiny": first, "batched": second})


def on_the_platform(**resources: int) -> dict[str, Any]:
    model = steady(1, "platform", resources=resources)
    return aws(pools={"platform": PLATFORM}, models={"tiny": model, "batched": model})


SPOT = {"spot": {"machine_type": "g6.2xlarge", "capacity": "spot", "max_nodes": 1}}
ABOVE: dict[str, Any] = {"overflow_pools": ["spot"]}
FAULTS: list[tuple[dict[str, Any], str, str]] = [
    (pair(steady(2), steady(1)), "models.batched.pool", "beside tiny: pool l4 has 2 nvidia.com/gpu at most, 2 are"),
    (pair(knative(), steady(2)), "models.tiny.pool", "beside batched: pool l4 has 2 nvidia.com/gpu at most"),
    (pair(steady(3, **ABOVE), steady(1), **SPOT), "models.batched.pool", "pools l4, spot has 3"),
    (on_the_platform(memory_mib=8000), "models.batched.pool", "MiB of memory at most, 8256 are kept"),
    (
        on_the_platform(cpu_millicores=5000),
        "models.batched.pool",
        "7910 millicores at most, 5150 are kept and 5150 more needed",
    ),
    (
        existing(
            pools={"racks": {"min_nodes": 1, "max_nodes": 1, "nodes": {"vcpus": 8, "memory_gib": 32}}},
            models={
                "tiny": steady(1, "racks", resources={"cpu_millicores": 5000}),
                "batched": knative("racks") | {"resources": {"cpu_millicores": 5000}},
            },
        ),
        "models.batched.pool",
        "pool racks has 8000 millicores at most",
    ),
    (
        gcp(
            zones=["us-central1-a"],
            pools={
                "platform": gcp()["pools"]["platform"],
                "tpu": {"machine_type": "ct5lp-hightpu-4t", "topology": "4x4", "max_nodes": 4},
            },
            models={"tiny": steady(4, "tpu"), "batched": steady(4, "tpu")},
        ),
        "models.batched.pool",
        "pool tpu has 16 google.com/tpu at most, 16 are kept and 16 more needed",
    ),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_two_models_that_cannot_fit(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str]) -> None:
    asked, where, problem = case
    (found,) = stack_file_faults(write(tmp_path, asked), repository)
    assert found.where.endswith(f"aigc:stack.{where}"), found
    assert problem in found.problem and "raise max_nodes" in found.way_out, found


@pytest.mark.parametrize(
    "stack",
    [
        pair(steady(1), steady(1)),
        pair(steady(1), knative()),
        pair(steady(2, **ABOVE), steady(1, **ABOVE), **SPOT),
        # Who comes back from zero waits for the other to go there, and gets its node then.
        pair(knative(), knative(), l4=L4 | {"max_nodes": 1}),
        pair(steady(2), steady(1, "platform")),
    ],
)
def test_models_that_fit_are_not_refused(tmp_path: Path, repository: Path, stack: dict[str, Any]) -> None:
    assert stack_file_faults(write(tmp_path, stack), repository) == []


def test_one_that_is_too_large_by_itself_is_refused_once(tmp_path: Path, repository: Path) -> None:
    (found,) = stack_file_faults(write(tmp_path, pair(steady(1), steady(3))), repository)
    assert found.where.endswith("models.batched.replicas.min") and "at most 2 replicas" in found.problem
