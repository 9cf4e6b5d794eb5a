"""Checks of pools under EKS Auto Mode: what it does not have, and what is not built for it here."""

from __future__ import annotations

from collections.abc import Iterator

from aigc.catalog.limits import AUTO_MODE_MOST_DISK_GIB
from aigc.config.problems import Problem
from aigc.config.spec import PoolSpec, StackSpec
from aigc.plan.auto_mode import auto_mode_gap, with_auto_mode
from aigc.plan.capacity import machine_of

Where = tuple[str, str]
_ELSEWHERE = "use node_provisioning: cluster_autoscaler"


def auto_mode_problems(spec: StackSpec, path: Where, pool: PoolSpec) -> Iterator[Problem]:
    """What EKS would not make a node of, or not the node that was asked for."""
    if not with_auto_mode(spec):
        return
    if 0 < pool.min_nodes < pool.max_nodes:
        yield Problem(
            (*path, "max_nodes"),
            f"is {pool.max_nodes}, min_nodes {pool.min_nodes}: a pool of Auto Mode keeps its number or grows from none",
            "make the two the same, or min_nodes 0; or add a second pool for what is above, see overflow_pools",
        )
    machine = machine_of(spec, pool)
    if machine is not None and not machine.retired and (gap := auto_mode_gap(machine)):
        yield Problem((*path, "machine_type"), gap, f"choose another machine, or {_ELSEWHERE}")
    if pool.efa:
        yield Problem((*path, "efa"), "is not built for nodes of Auto Mode", f"remove it, or {_ELSEWHERE}")
    if pool.node_image is not None:
        problem = "means nothing under Auto Mode: EKS chooses the image, which is its own Bottlerocket"
        yield Problem((*path, "node_image"), problem, f"remove it, or {_ELSEWHERE}")
    if pool.disk_gib > AUTO_MODE_MOST_DISK_GIB:
        problem = f"is {pool.disk_gib}; a node of Auto Mode has {AUTO_MODE_MOST_DISK_GIB} at most"
        yield Problem((*path, "disk_gib"), problem, "make it smaller")
