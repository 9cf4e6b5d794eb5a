"""Sound stacks of GKE with one pool that tests bend in one place."""

from __future__ import annotations

from typing import Any

from tests.pure.plan.stacks_for_tests import gcp

PLATFORM = gcp()["pools"]["platform"]
V5E, V5P, V6E, V7X = "ct5lp-hightpu-4t", "ct5p-hightpu-4t", "ct6e-standard-4t", "tpu7x-standard-4t"
ZONE = ["us-central1-a"]
STEADY = {"mode": "steady", "replicas": {"min": 4, "max": 4}}


def with_pool(model: dict[str, Any] | None = None, **pool: Any) -> dict[str, Any]:
    """A stack of one zone with the platform's pool and one more, `x`, which its model uses."""
    return gcp(zones=ZONE, pools={"platform": PLATFORM, "x": pool}, models={"tiny": {"pool": "x", **(model or {})}})


def slice_of(**more: Any) -> dict[str, Any]:
    """A sound pool of one slice over four machines, bent in one place."""
    pool = {"machine_type": V5E, "topology": "4x4", "max_nodes": 4}
    return with_pool(STEADY, **{key: value for key, value in {**pool, **more}.items() if value is not None})


def gpu(machine: str = "a2-highgpu-1g", **more: Any) -> dict[str, Any]:
    return with_pool(machine_type=machine, **more)


CHAIN = {
    "platform": PLATFORM,
    "x": {"machine_type": "g2-standard-8"},
    "y": {"machine_type": "g2-standard-8", "capacity": "spot"},
}
