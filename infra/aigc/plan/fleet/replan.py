"""What of the last fleet to change now that prices, traffic or limits are others: one pool, or nothing.

A change is proposed where the last fleet no longer serves, or where what the cheapest one saves is worth more than the
machines that come and go on the way there. Pools grow before others shrink, so that every fleet on the way serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aigc.catalog.machines import Machine
from aigc.plan.fleet.answer import RentedMachines
from aigc.plan.fleet.batch_times import ServedModel
from aigc.plan.fleet.candidates import LargestRate
from aigc.plan.fleet.infeasible import Infeasible, why_none
from aigc.plan.fleet.present import Counts, PoolKey, Present
from aigc.plan.fleet.queue_rate import Remembered
from aigc.plan.fleet.steps import PoolChange, Start, moves
from aigc.plan.fleet.wanted import Replanning, Survival, WantedFleet


@dataclass(frozen=True)
class Replanned:
    """The answer."""

    machines: tuple[RentedMachines, ...]
    """The fleet after the change; without one, the last fleet at the present prices."""
    change: PoolChange | None
    to_come: tuple[PoolChange, ...]
    """What would follow step by step if nothing else changed."""
    no_longer: tuple[str, ...]
    """Why the last fleet does not do any more, in sentences without full stops; empty where it does."""
    reason: str
    """Why this, in a sentence without its full stop."""
    usd_per_hour_before: float
    """Of the last fleet at the present prices; of a pool that is no longer sold, at its last one."""
    usd_per_hour: float
    """After the change."""
    usd_per_hour_then: float
    """After all that is to come."""


def replanned(
    wanted: WantedFleet,
    models: Sequence[ServedModel],
    largest_rate: LargestRate,
    last: Sequence[RentedMachines],
    rows: Sequence[Machine] | None = None,
) -> Replanned | Infeasible:
    """The one change of the last fleet that is worth it now, none, or what keeps every fleet from serving.

    Args:
        wanted: The problem as it is now.
        models: Its models with their times, in the same order.
        largest_rate: How many requests a second a replica serves.
        last: Its machines.
        rows: Machine types at their present prices; those of the catalog where it is left out.
    """
    now = Present(wanted, models, Remembered(largest_rate), rows)
    there: dict[PoolKey, int] = {}
    gone: list[RentedMachines] = []
    no_longer: list[str] = []
    for pool in last:
        if why := _why_gone(now, pool):
            gone.append(pool)
            no_longer.append(f"{pool.machine_type}: {why}")
        else:
            there[now.key(pool)] = there.get(now.key(pool), 0) + pool.count
    exceeded = now.overrun(there)
    no_longer += [f"the machines that are there exceed {code}, {wanted.limits[code]:g}" for code in exceeded]
    served = now.moved(there) if exceeded else now.repaired(there)
    if served is None:
        causes = tuple(why_none(wanted, models, largest_rate, rows))
        return Infeasible(causes, now.offered.rejected, now.found.rejected)
    if served.new_for and not exceeded:
        no_longer.append(f"the machines that are there do not suffice for {' and '.join(served.new_for)}")
    start = Start(now, there, tuple(gone))
    if no_longer:
        return _towards(start, served.counts, tuple(no_longer), "the cheapest change after which all is served")
    return _saving(start)


def _saving(start: Start) -> Replanned:
    """Of a fleet that serves.

    Where letting machines go is nearly as good as the best change, nothing new comes: prices that move a little between
    two steps would else bring first one and then the other of two fleets that cost about the same.
    """
    now, rules = start.now, start.now.wanted.replan
    best, fewer = now.busier.moved(start.there), now.busier.moved(start.there, new=False)
    if best is None:
        return _kept(start, (), f"no fleet has room for {rules.more_traffic_percent:g}% more traffic")
    targets = [best.counts]
    if fewer is not None and _too_little(rules, now.usd_per_hour(fewer.counts), now.usd_per_hour(best.counts)):
        targets.insert(0, fewer.counts)
    for target in targets:
        before, after, moved = start.usd_per_hour, now.usd_per_hour(target), moves(start.there, target)
        why = _too_little(rules, before, after) or _too_dear(rules, before - after, moved)
        if why is None:
            return _towards(start, target, (), f"saves ${before - after:.4g} an hour in the end, {moved} machines move")
    return _kept(start, (), why or "")


def _too_little(rules: Replanning, before: float, after: float) -> str | None:
    """Why so many $ an hour are not worth a change; None: they are."""
    least = max(rules.least_saving_percent / 100 * before, rules.least_saving_usd_per_hour)
    saves = max(0.0, before - after)
    if saves > least:
        return None
    return f"the best change would save ${saves:.4g} an hour, and ${least:.4g} is not worth one"


def _too_dear(rules: Replanning, saves: float, moved: int) -> str | None:
    """Why the machines that come and go cost more than they save; None: they do not."""
    saved, costs = saves * rules.payback_hours, rules.move_usd * moved
    if saved > costs:
        return None
    return f"in {rules.payback_hours:g} h it would save ${saved:.4g}, and {moved} machines that move cost ${costs:.4g}"


def _towards(start: Start, target: Counts, no_longer: tuple[str, ...], reason: str) -> Replanned:
    step = start.step(target)
    if step is None:
        limits = "limits leave no room for old and new machines side by side, and none can go before"
        return _kept(start, no_longer, f"a fleet of ${start.now.usd_per_hour(target):.4g} an hour would do; {limits}")
    change, after = step
    return Replanned(
        machines=after.machines,
        change=change,
        to_come=tuple(after.to_come(target)),
        no_longer=no_longer,
        reason=reason,
        usd_per_hour_before=start.usd_per_hour,
        usd_per_hour=after.usd_per_hour,
        usd_per_hour_then=start.now.usd_per_hour(target),
    )


def _kept(start: Start, no_longer: tuple[str, ...], reason: str) -> Replanned:
    usd = start.usd_per_hour
    return Replanned(start.machines, None, (), no_longer, reason, usd, usd, usd)


def _why_gone(now: Present, pool: RentedMachines) -> str | None:
    """Why none of its machines counts any more; None: they do."""
    key, zones = now.key(pool)
    if key not in now.offers:
        return _why_not_offered(now, pool)
    if now.wanted.survive is not Survival.ZONE:
        return None
    if zones == 1:
        return "all of it is in one zone, and any zone may be lost"
    return f"it is in {zones} zones, and there are {now.wanted.zones}" if zones > now.wanted.zones else None


def _why_not_offered(now: Present, pool: RentedMachines) -> str:
    for one in now.offered.rejected:
        if (one.cloud, one.machine_type, one.capacity) == (pool.cloud, pool.machine_type, pool.capacity):
            return f"{one.reason}: {one.sentence}"
    if any(key[:4] == now.key(pool)[0][:4] for key in now.offers):
        return f"its accelerators are not cut into {pool.share} any more"
    paid = pool.capacity.replace("_", " ")
    return f"neither the catalog nor the file has it on {pool.cloud} in {pool.region or 'no region'}, {paid}"
