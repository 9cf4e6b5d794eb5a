"""What a stack costs a month, as an interval; what has no price in the catalog is named, never guessed."""

from __future__ import annotations

from collections.abc import Iterable

from aigc.catalog.kinds import CapacityType, Cloud
from aigc.catalog.machines import Machine, machines
from aigc.config.spec import StackSpec
from aigc.plan.stack_plan import CostPlan, PoolPlan

HOURS_PER_MONTH = 730
"""365 x 24 / 12, as the clouds' own calculators count."""

_ALWAYS_UNPRICED = ("cluster control plane", "NAT gateway", "load balancer", "node disks", "network egress")
_NOT_OURS = {
    Cloud.LOCAL: ("this machine and its electricity",),
    Cloud.EXISTING: ("the nodes of the cluster you already have",),
}


def monthly_cost(spec: StackSpec, pools: Iterable[PoolPlan]) -> CostPlan:
    """Lowest (every pool at its fewest nodes) to highest (at its most) cost of the nodes, and what is missing in it."""
    if spec.cloud in _NOT_OURS:
        return CostPlan(
            usd_per_month_low=0.0,
            usd_per_month_high=None,
            not_priced=_NOT_OURS[spec.cloud],
            budget_usd_per_month=spec.budget_usd_per_month,
        )
    low, high, missing = 0.0, 0.0, list(_ALWAYS_UNPRICED)
    if spec.cloud is Cloud.AWS:
        missing += ["volume of Prometheus"] * spec.monitoring.enabled + ["images in ECR"]
    bounded = True
    for pool in pools:
        cheap, dear, gaps = _usd_per_node_hour(machines(spec.cloud)[pool.machine_type], pool, spec.region)
        missing += gaps
        low += (cheap or 0.0) * pool.min_nodes * HOURS_PER_MONTH
        bounded = bounded and dear is not None
        high += (dear or 0.0) * pool.max_nodes * HOURS_PER_MONTH
    return CostPlan(
        usd_per_month_low=round(low, 2),
        usd_per_month_high=round(high, 2) if bounded else None,
        not_priced=tuple(missing),
        budget_usd_per_month=spec.budget_usd_per_month,
    )


def _usd_per_node_hour(
    machine: Machine, pool: PoolPlan, region: str | None
) -> tuple[float | None, float | None, list[str]]:
    """Lower and upper price of a node-hour with a sentence for every gap; a price counts only in its own region."""
    on_demand, spot = machine.usd_per_hour_on_demand, machine.usd_per_hour_spot
    name = f"nodes of pool {pool.name} ({machine.machine_type}"
    if pool.capacity_block:
        return None, None, [f"{name}: their Capacity Block has its own price, paid when it is bought)"]
    if machine.price_region != region:
        return None, None, [f"{name}: priced only in {machine.price_region})"]
    if pool.capacity not in (CapacityType.SPOT, CapacityType.FLEX_START):
        gaps = [] if on_demand is not None else [f"{name}: no on-demand price)"]
        if pool.reservation:
            gaps.append(f"what reservation {pool.reservation} of pool {pool.name} costs while no node uses it")
        return on_demand, on_demand, gaps
    if pool.capacity is CapacityType.FLEX_START:
        spot = None  # nobody sourced it; Google says up to 53% less than on demand
    # A snapshot of a spot price is no promise: on-demand is the upper bound, and without it there is none.
    gaps = [] if spot is not None else [f"{name}: {pool.capacity} unknown, bounded by on-demand)"]
    if on_demand is None:
        gaps = [f"{name}: no on-demand price to bound {pool.capacity})"]
    return spot, on_demand, gaps
