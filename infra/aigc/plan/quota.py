"""Which quotas of the account a stack needs, and how much of each, when every pool is at its largest.

Quotas of accelerators are zero in a new account on every cloud, and a stack that waits for one looks like a stack that
is broken; so the plan says beforehand what to ask for. How much there is, only the account knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from aigc.catalog.kinds import CapacityType, Cloud
from aigc.catalog.machines import Machine
from aigc.plan.stack_plan import PoolPlan, QuotaPlan

_VCPU = "vCPU"
_ON_DEMAND = "Running On-Demand "
"""How AWS' names of these quotas begin, and the catalog's; those for spot are called after the same families."""
_AZURE_REGION = ("Total Regional vCPUs", "cores")
_AZURE_SPOT = ("Total Regional Low-priority vCPUs", "lowPriorityCores")
"""Azure's quotas over all families; spot has none but this (machines.yaml, S27)."""


@dataclass(frozen=True)
class QuotaShare:
    """What one machine counts in one quota."""

    name: str
    code: str | None
    """None: nobody has sourced it."""
    unit: str
    each: float | None
    """None is unknown."""


def quotas(pools: Iterable[tuple[PoolPlan, Machine]]) -> tuple[QuotaPlan, ...]:
    """One row a quota, in the order of the pools; pools whose quota nobody sourced get one without a code."""
    rows: dict[tuple[str | None, str], QuotaPlan] = {}
    for row in chain.from_iterable(_each(pool, machine) for pool, machine in pools):
        known = rows.get((row.code, row.name))
        rows[row.code, row.name] = (
            row.model_copy(update={"needed": known.needed + row.needed, "pools": (*known.pools, *row.pools)})
            if known
            else row
        )
    return tuple(rows.values())


def quota_shares(machine: Machine, capacity: CapacityType) -> Iterator[QuotaShare]:
    """What one machine counts, by quota.

    On Azure a machine on demand counts in its family and in its region, one of spot in its region alone.
    """
    azure, spot = machine.cloud == Cloud.AZURE, capacity is CapacityType.SPOT
    if not azure or not spot:
        yield _own(machine, capacity)
    if azure:
        name, code = _AZURE_SPOT if spot else _AZURE_REGION
        yield QuotaShare(name, code, _VCPU, machine.vcpus)


def _own(machine: Machine, capacity: CapacityType) -> QuotaShare:
    # GKE counts flex-start as it counts what can be taken away at any time.
    spot = capacity in (CapacityType.SPOT, CapacityType.FLEX_START)
    code = machine.quota.get("spot" if spot else "on_demand")
    unit = str(machine.quota.get("unit") or _VCPU)
    name = str(
        machine.quota.get("name") or code or f"the quota of {machine.machine_type}, which the catalog does not know"
    )
    if spot and name.startswith(_ON_DEMAND):
        name = f"All {name.removeprefix(_ON_DEMAND).removesuffix(' instances')} Spot Instance Requests"
    return QuotaShare(name, code, unit, machine.vcpus if unit == _VCPU else machine.accelerator_count)


def _each(pool: PoolPlan, machine: Machine) -> Iterator[QuotaPlan]:
    nodes = pool.max_nodes + pool.surge_nodes
    for one in quota_shares(machine, pool.capacity):
        needed = float(one.each or 0) * nodes
        yield QuotaPlan(name=one.name, code=one.code, unit=one.unit, needed=needed, pools=(pool.name,))
