"""The cheapest fleet of machines of one type: what a mix has to beat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aigc.catalog.kinds import CapacityType
from aigc.catalog.machines import Machine
from aigc.plan.fleet.batch_times import ServedModel
from aigc.plan.fleet.candidates import LargestRate, candidates_for
from aigc.plan.fleet.offers import Offer, offers_for
from aigc.plan.fleet.pools import pools_of
from aigc.plan.fleet.programme import programme_of
from aigc.plan.fleet.search import Search
from aigc.plan.fleet.solver import relaxation
from aigc.plan.fleet.wanted import WantedFleet


@dataclass(frozen=True)
class SingleType:
    """Machines of one type that serve everything; they may be cut differently."""

    machine: Machine
    capacity: CapacityType
    count: int
    usd_per_hour: float
    """Of all of them."""


def cheapest_single_type(
    wanted: WantedFleet,
    models: Sequence[ServedModel],
    largest_rate: LargestRate,
    rows: Sequence[Machine] | None = None,
) -> SingleType | None:
    """The type that alone serves all models within their objectives at least cost; None: none does.

    Args:
        wanted: The problem.
        models: Its models with their times, in the same order.
        largest_rate: How many requests a second a replica serves.
        rows: Machine types; those of the catalog where it is left out.
    """
    best: SingleType | None = None
    for bound_usd, search in sorted(_bounded(wanted, models, largest_rate, rows), key=lambda one: one[0]):
        if best is not None and bound_usd >= best.usd_per_hour:
            break
        served = search.run()
        if served is None:
            continue
        programme, found = served
        if best is None or found.cost < best.usd_per_hour:
            _, counts = programme.counts(found.x)
            count = sum(one.pool.zones * int(each) for one, each in zip(programme.machines, counts, strict=True))
            best = SingleType(search.offers[0].machine, search.offers[0].capacity, count, found.cost)
    return best


def _bounded(
    wanted: WantedFleet, models: Sequence[ServedModel], largest_rate: LargestRate, rows: Sequence[Machine] | None
) -> Iterator[tuple[float, Search]]:
    """Each type with what it costs at least, since the queue, which takes long, allows no more than full batches."""
    offers = offers_for(wanted, rows).offers
    candidates = candidates_for(models, offers, largest_rate, wanted.spot_interrupted or 0.0).candidates
    by_type: dict[tuple[str, str, str | None, CapacityType], list[Offer]] = {}
    for one in offers:
        its = one.machine
        by_type.setdefault((its.cloud, its.machine_type, its.price_region, one.capacity), []).append(one)
    for alike in by_type.values():
        devices = {one.device for one in alike}
        able = [one for one in candidates if one.device in devices]
        relaxed = relaxation(programme_of(able, list(pools_of(wanted, alike)), wanted.limits)) if able else None
        if relaxed is not None:
            yield relaxed.cost, Search(wanted, able, alike)
