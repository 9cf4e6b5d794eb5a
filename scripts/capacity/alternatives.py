"""What could stand in for a pool that does not fit: other machines, and the same one paid for otherwise. Pure.

A candidate carries no less of anything a pod may count on (accelerator, its memory, processors, memory, architecture),
so every pod that fits the pool fits it. Whether the cloud has it is asked afterwards, as for the pool itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from aigc.catalog.machines import Machine, machines, no_less_than
from aigc.catalog.prices import price_in
from aigc.plan.auto_mode import auto_mode_gap
from aigc.plan.node_images import image_gap
from aigc.plan.quota import quotas
from aigc.plan.stack_plan import CapacityType, Cloud, PoolPlan, QuotaPlan, StackPlan
from scripts.capacity.facts import Fact, Known


@dataclass(frozen=True)
class Alternative:
    """A pool in place of another, with what its nodes cost an hour at their most."""

    pool: PoolPlan
    usd_per_hour: float
    """Of one node."""

    @property
    def usd_per_hour_at_most(self) -> float:
        """With every node of the pool."""
        return self.usd_per_hour * self.pool.max_nodes


def candidates(cloud: Cloud, pool: PoolPlan, *, auto_mode: bool = False) -> tuple[PoolPlan, ...]:
    """Pools in place of `pool`: other machine types; for spot and reserved ones on demand, too, never the other way."""
    wanted = machines(cloud)[pool.machine_type]
    rows = [
        row
        for row in no_less_than(wanted, ("vcpus", "memory_gib"))
        if row.architecture == wanted.architecture
        and row.vcpus
        and row.memory_gib
        and not (auto_mode_gap(row) if auto_mode else image_gap(cloud, row))
    ]
    # What is reserved is of one machine type: there is none of another.
    ways = dict.fromkeys((pool.capacity, CapacityType.ON_DEMAND)).keys() - {CapacityType.RESERVED}
    pools = (_in_place(pool, row, capacity) for capacity in sorted(ways) for row in rows)
    return tuple(one for one in pools if (one.machine_type, one.capacity) != (pool.machine_type, pool.capacity))


def _in_place(pool: PoolPlan, row: Machine, capacity: CapacityType) -> PoolPlan:
    per_node = max(1, int(row.accelerator_count or 0)) if row.accelerator_id else 0
    # Fewer nodes where each has more accelerators; a pool without them keeps its number: pods are placed by more.
    nodes = [ceil(count * pool.accelerators_per_node / per_node) if per_node else count
             for count in (pool.min_nodes, pool.max_nodes)]  # fmt: skip
    return pool.model_copy(
        update={
            "machine_type": row.machine_type,
            "capacity": capacity,
            "min_nodes": nodes[0],
            "max_nodes": nodes[1],
            "vcpus": float(row.vcpus or 0),
            "memory_gib": float(row.memory_gib or 0),
            "accelerator": row.accelerator_id,
            "accelerator_label": row.accelerator_label,
            "accelerators_per_node": per_node,
        }
    )


def needs_with(plan: StackPlan, candidate: PoolPlan) -> tuple[tuple[PoolPlan, ...], tuple[QuotaPlan, ...]]:
    """The pools and quotas of the stack once `candidate` has replaced the pool of its name."""
    pools = tuple(candidate if pool.name == candidate.name else pool for pool in plan.pools)
    return pools, quotas((pool, machines(plan.cloud)[pool.machine_type]) for pool in pools)


def catalog_usd_per_hour(cloud: Cloud, machine_type: str, region: str | None, *, spot: bool) -> float | None:
    """The catalog's price of a machine-hour, of a snapshot where it has one; None outside the regions that it knows."""
    price = price_in(machines(cloud)[machine_type], region)
    if price is None:
        return None
    return price.spot if spot else price.on_demand


def live_usd_per_hour(
    pool: PoolPlan, on_demand: Fact[float], spot: Mapping[str, Fact[Mapping[str, float]]]
) -> float | None:
    """What a node of the pool costs now: on spot the cheapest of its zones."""
    if pool.capacity is not CapacityType.SPOT:
        return on_demand.value if isinstance(on_demand, Known) else None
    zones = spot.get(pool.machine_type)
    if not isinstance(zones, Known):
        return None
    return min((usd for zone, usd in zones.value.items() if _counts(zone, pool.zones)), default=None)


def _counts(zone: str, wanted: Sequence[str]) -> bool:
    return not wanted or zone == "*" or zone in wanted


def cheapest(priced: Sequence[Alternative]) -> Alternative | None:
    """Least for the whole pool; the name decides a tie, so that one answer stays one answer."""
    return min(priced, key=lambda one: (one.usd_per_hour_at_most, one.pool.machine_type), default=None)
