"""Checks of what a pool has on AWS alone: its system image, Elastic Fabric Adapters."""

from __future__ import annotations

from collections.abc import Iterator

from aigc.catalog.kinds import Cloud
from aigc.config.problems import Problem
from aigc.config.spec import PoolSpec, StackSpec
from aigc.plan.capacity import machine_of

Where = tuple[str, str]


def aws_pool_problems(spec: StackSpec, path: Where, pool: PoolSpec) -> Iterator[Problem]:
    """Everything that only AWS has, and everything of it that cannot be."""
    if pool.node_image is not None and spec.cloud is not Cloud.AWS:
        yield Problem((*path, "node_image"), f"means nothing on cloud {spec.cloud}, which chooses it", "remove it")
    if not pool.efa:
        return
    where = (*path, "efa")
    if spec.cloud is not Cloud.AWS:
        yield Problem(where, f"means nothing on cloud {spec.cloud}", "remove it")
        return
    machine = machine_of(spec, pool)
    if machine is not None and not machine.efa_interfaces:
        yield Problem(
            where, f"{pool.machine_type} has no Elastic Fabric Adapter", "remove it, or take a larger machine"
        )
    elif machine is not None and machine.efa_first_card is None:
        yield Problem(where, f"which network cards of {pool.machine_type} have one is not known here", "remove it")
    zones = pool.zones or spec.zones
    if len(zones) > 1:
        yield Problem(
            where, f"its traffic stays in one zone, and the pool has {len(zones)}", f"write zones: [{zones[0]}]"
        )
