"""What the machines of the last fleet can do at the present prices, traffic and limits, and what to put beside them.

The problem is that of `search`, with each machine type twice: the machines that are there, as many as there are, and
new ones. Their two prices say what leaving one is worth and what a new one costs, moving included; since the first is
no more than the second, what a fleet costs and what it disturbs are one sum that an integer programme makes least.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aigc.catalog.kinds import CapacityType
from aigc.catalog.machines import Machine
from aigc.plan.fleet.answer import RentedMachines
from aigc.plan.fleet.batch_times import ServedModel
from aigc.plan.fleet.candidates import Candidates, LargestRate, candidates_for
from aigc.plan.fleet.offers import Offer, Offers, offers_for
from aigc.plan.fleet.pools import Pool, pools_of
from aigc.plan.fleet.programme import Programme, Replicas, programme_of
from aigc.plan.fleet.solver import Solved, solved
from aigc.plan.fleet.wanted import Survival, WantedFleet

MachineKey = tuple[str, str, str | None, CapacityType, str]
"""Cloud, machine type, region, how it is paid for, and the share that its replicas get of an accelerator."""
PoolKey = tuple[MachineKey, int]
"""Of machines in so many zones."""
Counts = Mapping[PoolKey, int]
"""Machines by pool, over all zones; none is 0."""
THERE = "there"
"""Begins the code of a limit that is no quota: the machines of a pool that are there."""


@dataclass(frozen=True)
class Served:
    """A fleet that serves."""

    counts: Counts
    new_for: tuple[str, ...]
    """Models with replicas where machines are new."""


@dataclass(frozen=True)
class Present:
    """A problem as it is now."""

    wanted: WantedFleet
    models: Sequence[ServedModel]
    largest_rate: LargestRate
    rows: Sequence[Machine] | None = None

    @cached_property
    def offered(self) -> Offers:
        """What can be rented now."""
        return offers_for(self.wanted, self.rows)

    @cached_property
    def found(self) -> Candidates:
        """What serves; rates that were asked for once stay known."""
        interrupted = self.wanted.spot_interrupted or 0.0
        return candidates_for(self.models, self.offered.offers, self.largest_rate, interrupted)

    @cached_property
    def offers(self) -> dict[MachineKey, Offer]:
        """By what tells one from the others."""
        return {key_of(offer): offer for offer in self.offered.offers}

    def key(self, one: RentedMachines) -> PoolKey:
        """Of a pool of the last fleet; its zones matter only where one may be lost."""
        zones = one.zones if self.wanted.survive is Survival.ZONE else 1
        return (one.cloud, one.machine_type, one.region, one.capacity, one.share), zones

    def rented(self, counts: Counts) -> tuple[RentedMachines, ...]:
        """Pools that can be had, with what they cost now."""
        return tuple(self.pool(key, count) for key, count in sorted(counts.items(), key=str) if count)

    def pool(self, key: PoolKey, count: int) -> RentedMachines:
        """So many machines of a pool that can be had."""
        offer = self.offers[key[0]]
        return RentedMachines(
            cloud=offer.machine.cloud,
            machine_type=offer.machine.machine_type,
            region=offer.machine.price_region,
            capacity=offer.capacity,
            accelerator_id=offer.device[0],
            share=offer.share.name,
            count=count,
            zones=key[1],
            usd_per_hour=offer.usd_per_hour,
            watts=offer.watts,
        )

    def usd_per_hour(self, counts: Counts) -> float:
        """Of machines that can be had."""
        return math.fsum(count * self.offers[key].usd_per_hour for (key, _), count in counts.items())

    def left(self, counts: Counts, code: str) -> float:
        """What of a limit they leave; below 0 where they exceed it."""
        counted = math.fsum(count * self.offers[key].quotas.get(code, 0.0) for (key, _), count in counts.items())
        return self.wanted.limits[code] - counted

    def overrun(self, counts: Counts) -> list[str]:
        """Codes of the limits that they exceed."""
        return [code for code, limit in self.wanted.limits.items() if self.left(counts, code) < -1e-9 * limit]

    @cached_property
    def busier(self) -> Present:
        """With as much more traffic as a change that saves must leave room for."""
        factor = 1 + self.wanted.replan.more_traffic_percent / 100
        busy = [
            one.wanted.model_copy(update={"requests_per_second": factor * one.wanted.requests_per_second})
            for one in self.models
        ]
        models = [replace(one, wanted=wanted) for one, wanted in zip(self.models, busy, strict=True)]
        wanted = self.wanted.model_copy(update={"models": tuple(busy)})
        return replace(self, wanted=wanted, models=models)

    def suffice(self, counts: Counts) -> bool:
        """Whether these machines serve everything within the objectives and limits."""
        return self._cheapest(counts, 0.0, new=False) is not None

    def repaired(self, there: Counts) -> Served | None:
        """The cheapest machines to put beside those that are there, which stay; None: nothing serves."""
        found = self._cheapest(there, 0.0)
        if found is None:
            return None
        more = {key: count for key, count in found.counts.items() if count > there.get(key, 0)}
        return replace(found, counts={**there, **more})

    def moved(self, there: Counts, *, new: bool = True) -> Served | None:
        """The fleet that costs least with what coming and going costs until it is paid back.

        Without `new`, nothing comes. None: nothing serves.
        """
        return self._cheapest(there, new=new)

    def _cheapest(self, there: Counts, stays_usd: float | None = None, *, new: bool = True) -> Served | None:
        """The cheapest where new machines cost their move more, those that are there so much, or their move less."""
        if not any(model.requests_per_second for model in self.wanted.models):
            return Served({}, ())
        pieces: list[Offer] = []
        zones: dict[str, int] = {}
        limits, move_usd = dict(self.wanted.limits), self.wanted.replan.move_usd_per_hour
        for at, (key, count) in enumerate(there.items()):
            offer, code = self.offers[key[0]], f"{THERE} {at}"
            usd = max(0.0, offer.usd_per_hour - move_usd) if stays_usd is None else stays_usd
            pieces.append(replace(offer, usd_per_hour=usd, quotas={**offer.quotas, code: 1.0}))
            limits[code], zones[code] = float(count), key[1]
        if new:
            pieces += [replace(one, usd_per_hour=one.usd_per_hour + move_usd) for one in self.offered.offers]
        pools = [_of_its_zones(pool, zones) for pool in pools_of(self.wanted, pieces)]
        return self._solved([pool for pool in pools if pool.offers], limits)

    def _solved(self, pools: Sequence[Pool], limits: Mapping[str, float]) -> Served | None:
        """As `Search.run`: with rates that are asked for where an answer uses them, until it uses known ones alone."""
        devices = {pool.device for pool in pools}
        while True:
            on_these = (one for one in self.found.candidates if one.device in devices)
            able = [one for one in on_these if not one.known or one.requests_per_second > 0]
            taken = {(one.group.model.wanted.name, name) for one in able for name in one.group.names}
            asked = (model for model in self.wanted.models if model.requests_per_second)
            if not all((model.name, one.name) in taken for model in asked for one in model.classes):
                return None
            programme = programme_of(able, pools, limits)
            best = solved(programme)
            if best is None:
                return None
            counts, _ = programme.counts(best.x)
            used = [programme.replicas[at] for at in np.flatnonzero(counts > 0)]
            unknown = [one.candidate for one in used if not one.candidate.known]
            for one in unknown:
                one.ask()
            if not unknown:
                return _served(programme, best, used)


def key_of(offer: Offer) -> MachineKey:
    """What tells it from other offers."""
    machine = offer.machine
    return machine.cloud, machine.machine_type, machine.price_region, offer.capacity, offer.share.name


def _of_its_zones(pool: Pool, zones: Mapping[str, int]) -> Pool:
    """Without the machines that are there, but in another number of zones."""
    kept = (one for one in pool.offers if all(zones.get(code, pool.zones) == pool.zones for code in one.quotas))
    return replace(pool, offers=tuple(kept))


def _served(programme: Programme, best: Solved, used: Sequence[Replicas]) -> Served:
    counts: dict[PoolKey, int] = {}
    renewed = set()
    _, machines = programme.counts(best.x)
    for one, count in zip(programme.machines, machines, strict=True):
        if count:
            key = key_of(one.offer), one.pool.zones
            counts[key] = counts.get(key, 0) + int(count) * one.pool.zones
            if not any(code.startswith(THERE) for code in one.offer.quotas):
                renewed.add(one.pool.key)
    names = (one.candidate.group.model.wanted.name for one in used if one.pool.key in renewed)
    return Served(counts, tuple(dict.fromkeys(names)))
