"""The cheapest fleet: machines to rent, replicas on them, what goes where, and why everything else lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from aigc.catalog.grid_carbon import grams_co2e_per_hour
from aigc.catalog.kinds import CapacityType
from aigc.catalog.machines import Machine
from aigc.plan.fleet.batch_times import ServedModel
from aigc.plan.fleet.candidates import LargestRate, candidates_for
from aigc.plan.fleet.infeasible import Infeasible, why_none
from aigc.plan.fleet.offers import offers_for
from aigc.plan.fleet.programme import Programme, Replicas
from aigc.plan.fleet.rejected import RejectedMachine, RejectedShare
from aigc.plan.fleet.search import Search
from aigc.plan.fleet.solver import Solved
from aigc.plan.fleet.wanted import WantedFleet, WantedModel
from aigc.plan.mix.demand import Demand
from aigc.plan.mix.routes import even_routes

_SECONDS_AN_HOUR = 3600
_MILLION = 1_000_000


@dataclass(frozen=True)
class RentedMachines:
    """Machines of one type, all of them cut alike."""

    cloud: str
    machine_type: str
    region: str | None
    capacity: CapacityType
    accelerator_id: str
    share: str
    """What each replica on it gets of an accelerator."""
    count: int
    zones: int
    """In equal parts."""
    usd_per_hour: float
    """Of one."""
    watts: float | None
    """Design power of the accelerators of one; None is unknown."""


@dataclass(frozen=True)
class PlacedReplicas:
    """Replicas of a model that serve some of its classes."""

    model: str
    classes: tuple[str, ...]
    accelerator_id: str
    share: str
    capacity: CapacityType
    count: int
    zones: int
    """In equal parts."""
    batch_ms: tuple[float, ...]
    """Times of batches of 1, 2, ... requests, the last of the largest that it takes."""
    requests_per_second: float
    """That one serves within the objective, were all of them of the longest class that it takes."""
    shares: Mapping[str, float]
    """By class: which part of its requests goes here, by weight."""
    utilisation: float
    """Of what the replicas that must be enough can serve, if something breaks that may."""
    assumed: frozenset[str]
    """What nobody has measured of its times, in words."""

    @property
    def max_batch(self) -> int:
        """Requests that one takes at once at most."""
        return len(self.batch_ms)


@dataclass(frozen=True)
class FleetPlan:
    """The answer."""

    machines: tuple[RentedMachines, ...]
    replicas: tuple[PlacedReplicas, ...]
    usd_per_hour: float
    """Of all machines, as a decimal sum of the prices."""
    relaxed_usd_per_hour: float
    """Proven in plain arithmetic: nothing that suffices costs less."""
    least_usd_per_hour: float
    """What the integer solver has proven by its own word."""
    requests_per_second: float
    """Of all models."""
    rejected_machines: tuple[RejectedMachine, ...]
    rejected_shares: tuple[RejectedShare, ...]

    @property
    def usd_per_million(self) -> float | None:
        """$ for a million requests, whatever their models; None where none arrive."""
        hourly = self.requests_per_second * _SECONDS_AN_HOUR
        return self.usd_per_hour * _MILLION / hourly if hourly else None

    @property
    def gap(self) -> float:
        """Share of the cost that the solver leaves unproven."""
        return 0.0 if not self.usd_per_hour else 1 - self.least_usd_per_hour / self.usd_per_hour

    @property
    def watts(self) -> float | None:
        """Design power of all accelerators; None where that of some is unknown."""
        each = [None if one.watts is None else one.count * one.watts for one in self.machines]
        known = [one for one in each if one is not None]
        return sum(known) if len(known) == len(each) else None

    @property
    def grams_co2e_per_hour(self) -> float | None:
        """Of all accelerators at design power, on the grids of their regions; None where one of the two is unknown."""
        each = [_grams_co2e_per_hour(one) for one in self.machines]
        known = [one for one in each if one is not None]
        return sum(known) if len(known) == len(each) else None


def _grams_co2e_per_hour(one: RentedMachines) -> float | None:
    each = grams_co2e_per_hour(one.cloud, one.region, one.watts)
    return None if each is None else one.count * each


def cheapest_fleet(
    wanted: WantedFleet,
    models: Sequence[ServedModel],
    largest_rate: LargestRate,
    rows: Sequence[Machine] | None = None,
) -> FleetPlan | Infeasible:
    """The machines that serve all models within their objectives at least cost, or what keeps every fleet from it.

    Args:
        wanted: The problem.
        models: Its models with their times, in the same order.
        largest_rate: How many requests a second a replica serves.
        rows: Machine types; those of the catalog where it is left out.
    """
    offered = offers_for(wanted, rows)
    found = candidates_for(models, offered.offers, largest_rate, wanted.spot_interrupted or 0.0)
    search = Search(wanted, found.candidates, offered.offers)
    if not any(model.requests_per_second for model in wanted.models):
        return FleetPlan((), (), 0.0, 0.0, 0.0, 0.0, offered.rejected, found.rejected)
    served = search.run()
    if served is None:
        causes = tuple(why_none(wanted, models, largest_rate, rows))
        return Infeasible(causes, offered.rejected, found.rejected)
    programme, best = served
    return FleetPlan(
        machines=tuple(_rented(programme, best)),
        replicas=tuple(_placed(wanted, programme, best)),
        usd_per_hour=float(sum(_decimal_usd(programme, best), Decimal(0))),
        relaxed_usd_per_hour=best.relaxed_cost,
        least_usd_per_hour=best.claimed_cost,
        requests_per_second=sum(model.requests_per_second for model in wanted.models),
        rejected_machines=offered.rejected,
        rejected_shares=found.rejected,
    )


def _rented(programme: Programme, best: Solved) -> Iterator[RentedMachines]:
    _, counts = programme.counts(best.x)
    for one, count in zip(programme.machines, counts, strict=True):
        if count:
            machine, offer = one.offer.machine, one.offer
            yield RentedMachines(
                cloud=machine.cloud,
                machine_type=machine.machine_type,
                region=machine.price_region,
                capacity=offer.capacity,
                accelerator_id=offer.device[0],
                share=offer.share.name,
                count=int(count) * one.pool.zones,
                zones=one.pool.zones,
                usd_per_hour=offer.usd_per_hour,
                watts=offer.watts,
            )


def _decimal_usd(programme: Programme, best: Solved) -> Iterator[Decimal]:
    _, counts = programme.counts(best.x)
    for one, count in zip(programme.machines, counts, strict=True):
        yield Decimal(repr(one.offer.usd_per_hour)) * int(count) * one.pool.zones


def _placed(wanted: WantedFleet, programme: Programme, best: Solved) -> Iterator[PlacedReplicas]:
    """Replicas model by model, with the routes over them that make the fullest least full."""
    counts, _ = programme.counts(best.x)
    for model in wanted.models:
        at = [at for at in np.flatnonzero(counts) if programme.replicas[at].candidate.group.model.wanted is model]
        columns = [programme.replicas[one] for one in at]
        if not columns:
            continue
        load = np.array([[_load(model, name, one) for name in _names(model)] for one in columns])
        enough = best.x[at]
        demand = Demand(np.ones(len(at)), load)
        shares = even_routes(demand, enough).shares
        busy = demand.routed(shares) / enough
        for row, one in enumerate(columns):
            routed = {name: float(part) for name, part in zip(_names(model), shares[row], strict=True) if part > 0}
            yield _replicas(one, int(counts[at[row]]), routed, float(busy[row]))


def _names(model: WantedModel) -> list[str]:
    return [one.name for one in model.classes]


def _load(model: WantedModel, name: str, one: Replicas) -> float:
    """Replicas, one in each zone, that a class keeps busy; infinite where it is not taken."""
    share = next((its.share for its in one.candidate.group.classes if its.name == name), None)
    return np.inf if share is None else model.requests_per_second * share / one.requests_per_second


def _replicas(one: Replicas, count: int, shares: Mapping[str, float], utilisation: float) -> PlacedReplicas:
    group, device = one.candidate.group, one.candidate.device
    return PlacedReplicas(
        model=group.model.wanted.name,
        classes=group.names,
        accelerator_id=device[0],
        share=device[1],
        capacity=device[2],
        count=count * one.pool.zones,
        zones=one.pool.zones,
        batch_ms=tuple(one.candidate.times.ms.tolist()),
        requests_per_second=one.candidate.ask(),
        shares=shares,
        utilisation=utilisation,
        assumed=one.candidate.times.assumed,
    )
