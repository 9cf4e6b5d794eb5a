"""One row a fault of what only pools of GKE can be: where it is, what it says, and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.plan.validation import stack_file_faults
from tests.pure.plan.gke_stacks import CHAIN, PLATFORM, V5E, V5P, ZONE, gpu, slice_of, with_pool
from tests.pure.plan.stacks_for_tests import aws, gcp, write

FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (gpu(topology="2x2"), "x.topology", "carries NVIDIA A100 40GB, no TPU", "remove it"),
    (slice_of(topology="5x5"), "x.topology", "5x5 is no shape that machines ct5lp-hightpu-4t form", "2x2, 2x4, 4x4"),
    (slice_of(topology="2x2x2"), "x.topology", "no shape that machines ct5lp", "16x16"),
    (slice_of(machine_type=V5P, topology="4x4x6"), "x.topology", "no shape", "multiples of 4"),
    (slice_of(machine_type=V5P, topology="8x4x4"), "x.topology", "no shape", "do not fall"),
    (slice_of(machine_type=V5P, topology="4x4x564"), "x.topology", "no shape", "of 8960 chips together at most"),
    (slice_of(machine_type="ct5lp-hightpu-8t", topology="4x4"), "x.topology", "no shape", "choose 2x4"),
    (slice_of(topology="four by four"), "x.topology", "no shape", "2x4"),
    (slice_of(max_nodes=3), "x.max_nodes", "is 3; a slice 4x4 is 4 machines ct5lp-hightpu-4t, all or none", "of 4"),
    (slice_of(max_nodes=None), "x.max_nodes", "is 1; a slice 4x4", "multiple of 4"),
    (slice_of(min_nodes=2), "x.min_nodes", "is 2; a slice 4x4", "multiple of 4"),
    (slice_of() | {"zones": []}, "x.zones", "names none; few zones have TPU v5e", "us-central1-a"),
    (with_pool(machine_type=V5E) | {"zones": []}, "x.zones", "names none", "those that have it"),
    (
        slice_of() | {"zones": [*ZONE, "us-central1-b"]},
        "x.zones",
        "names 2; the machines of one slice stand in one zone",
        "write one",
    ),
    (
        gcp(pools={"platform": PLATFORM, "x" * 39: slice_of(max_nodes=8)["pools"]["x"]}),
        f"pools.{'x' * 39}",
        "the last would be",
        "38 characters at most",
    ),
    (slice_of(capacity="flex_start"), "x.capacity", "flex_start has slices of one machine only", "reserved"),
    (
        with_pool({"mode": "knative"}, machine_type=V5E, topology="2x4", max_nodes=2),
        "tiny.mode",
        "a slice of 2 machines comes whole",
        "mode: steady",
    ),
    (
        with_pool({"mode": "steady"}, machine_type=V5E, topology="2x4", max_nodes=2),
        "tiny.replicas",
        "1 to 1 replicas, one a machine, are no whole slices of 2",
        "the same multiple of 2",
    ),
    (
        gcp(
            pools={
                "platform": PLATFORM,
                "x": {"machine_type": V5E},
                "y": {"machine_type": "ct5lp-hightpu-8t"},
            },
            models={"tiny": {"pool": "x", "overflow_pools": ["y"]}},
        ),
        "tiny.overflow_pools[0]",
        "has slices 2x4, and x 2x2",
        "same topology",
    ),
    (
        gcp(pools=CHAIN, models={"tiny": {"pool": "x", "overflow_pools": ["y"]}, "batched": {"pool": "y"}}),
        "batched.overflow_pools",
        "y is tried in another order by tiny: x, y",
        "the same pools, or none of them",
    ),
    (
        gcp(
            pools=CHAIN,
            models={"tiny": {"pool": "x", "overflow_pools": ["y"]}, "batched": {"pool": "y", "overflow_pools": ["x"]}},
        ),
        "batched.overflow_pools",
        "another order",
        "none of them",
    ),
    (
        gcp(
            pools={"platform": PLATFORM, "more": {"machine_type": "t2d-standard-8"}},
            models={"tiny": {"pool": "platform", "overflow_pools": ["more"]}},
        ),
        "aigc:stack.pools",
        "nowhere for Knative",
        "add a pool",
    ),
    (gpu("g2-standard-8", partition="1g.5gb"), "x.partition", "(NVIDIA L4) cannot be cut", "nvidia-a100-40gb"),
    (gpu(partition="1g.5g"), "x.partition", "1g.5g is no size of partition", "did you mean 1g.5gb"),
    (gpu(partition="1g.18gb"), "x.partition", "no size of partition of NVIDIA A100 40GB", "1g.10gb"),
    (gpu("g4-standard-6", partition="1g.24gb"), "x.partition", "cannot be cut", "remove it"),
    (with_pool(machine_type=V5E, sharing={"max_clients": 2}), "x.sharing", "cannot be shared", "remove it"),
    (with_pool(machine_type="t2d-standard-8", sharing={"max_clients": 2}), "x.sharing", "no accelerator", "remove"),
    (gpu(sharing={"strategy": "mps", "max_clients": 2}), "sharing.strategy", "hostIPC", "time_sharing"),
    (gpu(sharing={"max_clients": 1}), "sharing.max_clients", "1", "2"),
    (gpu(sharing={"max_clients": 49}), "sharing.max_clients", "49", "48"),
    (gpu(sharing={}), "sharing.max_clients", "missing", ""),
    (with_pool(machine_type="t2d-standard-8", capacity="flex_start"), "x.capacity", "not to be had", "on_demand"),
    (with_pool(machine_type="ct4p-hightpu-4t", capacity="flex_start"), "x.capacity", "TPU v4", "spot"),
    (gpu(capacity="flex_start", min_nodes=1), "x.min_nodes", "each ends after seven days", "write 0"),
    (gpu(capacity="reserved"), "x.reservation", "is missing: capacity is reserved", "name it"),
    (gpu(reservation="a100s"), "x.reservation", "means nothing without capacity: reserved", "too"),
    (gpu(capacity="spot", reservation="a100s"), "x.reservation", "without capacity: reserved", "remove it"),
    (gpu(capacity="reserved", reservation="A 100"), "x.reservation", "no reservation of Google Cloud", "projects/"),
    (aws(pools=aws()["pools"] | {"l4": {"machine_type": "g6.2xlarge", "topology": "2x2"}}), "l4.topology", "aws", ""),
    (
        aws(pools=aws()["pools"] | {"l4": {"machine_type": "g6.2xlarge", "sharing": {"max_clients": 2}}}),
        "l4.sharing",
        "means nothing on cloud aws",
        "remove it",
    ),
    (
        aws(pools=aws()["pools"] | {"l4": {"machine_type": "g6.2xlarge", "capacity": "flex_start"}}),
        "l4.capacity",
        "aws has no flex_start",
        "spot",
    ),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    asked, where, problem, way_out = case
    found = stack_file_faults(write(tmp_path, asked), repository)
    assert any(where in one.where and problem in one.problem and way_out in one.way_out for one in found), found
