"""The cheapest mix for a workload: counts, their cost, and the routing that shows that they suffice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from aigc.plan.mix.demand import Array, Demand, demand_of, undominated
from aigc.plan.mix.routes import even_routes
from aigc.plan.mix.search import Search
from aigc.plan.mix.workload import COST, Workload


@dataclass(frozen=True)
class Mix:
    """Machines to rent, and what goes to which of them."""

    counts: Mapping[str, int]
    """Machines by the name of their type, all types of the workload in its order."""
    usd_per_hour: float
    """Of all of them, as a decimal sum of the prices."""
    least_usd_per_hour: float
    """Proven: nothing that suffices costs less. About `usd_per_hour`, unless the search was cut short."""
    utilisation: Mapping[str, float]
    """Share of the capacity of a type that is kept busy; without the types that are not used."""
    shares: Mapping[str, Array]
    """By type that is used, which part of each bucket it gets: a matrix in the shape of the workload's."""

    def as_json(self) -> dict[str, float]:
        """The answer in the form of the problem: counts by name, and the cost."""
        return {**self.counts, COST: self.usd_per_hour}


def cheapest_mix(workload: Workload) -> Mix:
    """The counts of machines that cost least an hour of all over which the workload can be routed by weights."""
    distribution = np.array(workload.workload_distribution)
    rates = distribution.ravel() * workload.total_request_rate
    throughputs = np.array([np.ravel(machine.tputs) for machine in workload.gpu_info])
    demand = demand_of(rates, throughputs, np.array([machine.cost for machine in workload.gpu_info]))
    counts, least_usd = _searched(demand)
    names = [machine.name for machine in workload.gpu_info]
    prices = [Decimal(repr(machine.cost)) for machine in workload.gpu_info]
    usd = sum((price * int(count) for price, count in zip(prices, counts, strict=True)), Decimal(0))
    used = np.flatnonzero(counts)
    utilisation, shares = np.zeros(len(names)), np.zeros(throughputs.shape)
    if len(used):
        routed = even_routes(demand, counts).shares
        utilisation[used] = demand.routed(routed)[used] / counts[used]
        shares[:, rates > 0] = routed
    return Mix(
        counts={name: int(count) for name, count in zip(names, counts, strict=True)},
        usd_per_hour=float(usd),
        least_usd_per_hour=least_usd,
        utilisation={names[at]: float(utilisation[at]) for at in used},
        shares={names[at]: shares[at].reshape(distribution.shape) for at in used},
    )


def _searched(demand: Demand) -> tuple[Array, float]:
    counts = np.zeros(demand.types)
    if not demand.buckets:
        return counts, 0.0
    kept = undominated(demand)
    search = Search(demand.of(kept))
    search.run()
    counts[kept] = search.counts
    return counts, search.least_usd
