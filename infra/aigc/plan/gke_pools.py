"""Which node pools of GKE a pool of the plan is."""

from __future__ import annotations

from aigc.plan.stack_plan import PoolPlan


def gke_pools(pool: PoolPlan) -> tuple[PoolPlan, ...]:
    """Itself, but for slices over several machines one a slice.

    GKE resizes such a pool from none to all of its slice and back, and to nothing between (GKE, 'Plan TPUs').
    """
    hosts = pool.hosts_per_slice
    if hosts == 1:
        return (pool,)
    slices = pool.max_nodes // hosts
    return tuple(
        pool.model_copy(
            update={
                "name": pool.name if slices == 1 else f"{pool.name}-{index}",
                "min_nodes": hosts if index < pool.min_nodes // hosts else 0,
                "max_nodes": hosts,
            }
        )
        for index in range(slices)
    )
