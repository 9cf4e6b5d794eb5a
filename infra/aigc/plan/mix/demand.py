"""A workload as numbers: how many machines of each type each bucket would keep busy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

OVERLOAD = 1e-9
"""Share of its capacity by which a machine may be overbooked: sums and the solver's pivots are no more exact."""


@dataclass(frozen=True)
class Demand:
    """Machine types (rows) against the buckets that have traffic (columns)."""

    usd_per_hour: Array
    """Of one machine, by type."""
    load: Array
    """Machines of the type that the whole bucket keeps busy; infinite where the type cannot serve it."""

    @cached_property
    def serves(self) -> Flags:
        """Which type can serve which bucket."""
        return np.isfinite(self.load)

    @cached_property
    def finite_load(self) -> Array:
        """The loads with 0 where there is none, to multiply with."""
        return np.where(self.serves, self.load, 0.0)

    @property
    def types(self) -> int:
        """How many machine types there are."""
        return int(self.load.shape[0])

    @property
    def buckets(self) -> int:
        """How many buckets have traffic."""
        return int(self.load.shape[1])

    def of(self, chosen: Flags | Sequence[int]) -> Demand:
        """The same traffic with some of the types."""
        return Demand(self.usd_per_hour[chosen], self.load[chosen])

    def paid(self, prices: Array) -> Array:
        """What each bucket pays at such prices of the types' capacity, where it goes to the type that asks least."""
        return np.asarray(self._asked(prices).min(axis=0))

    def routed(self, shares: Array) -> Array:
        """Machines of each type kept busy when the buckets are parted in these shares (types x buckets)."""
        return np.asarray((shares * self.finite_load).sum(axis=1))

    def cheapest_routes(self, prices: Array) -> Array:
        """Shares that send each bucket as a whole to the type that asks least for it."""
        shares = np.zeros_like(self.load)
        shares[self._asked(prices).argmin(axis=0), np.arange(self.buckets)] = 1.0
        return shares

    def _asked(self, prices: Array) -> Array:
        return np.where(self.serves, prices[:, None] * self.finite_load, np.inf)


def demand_of(requests_per_second: Array, throughputs: Array, usd_per_hour: Array) -> Demand:
    """The demand of buckets, of which a machine of each type serves so many requests/s (types x buckets)."""
    busy = requests_per_second > 0
    rates, each = requests_per_second[busy], throughputs[:, busy]
    with np.errstate(over="ignore"):
        load = np.divide(rates, each, out=np.full(each.shape, np.inf), where=each > 0)
    return Demand(usd_per_hour, load)


def machines_for(busy: Array) -> Array:
    """Whole machines for a number of them that is kept busy."""
    return np.maximum(np.ceil(busy / (1 + OVERLOAD)), 0.0)


def undominated(demand: Demand) -> list[int]:
    """The types that an optimum may need.

    A type can be left out where some whole number of machines of another one costs no more than one of it and carries
    no more load from any bucket: of the sizes of one machine at a linear price, the smallest stays.
    """
    kept = list(range(demand.types))
    for one in sorted(kept, key=lambda at: -demand.usd_per_hour[at]):
        if any(other != one and _replaces(demand, other, one) for other in kept):
            kept.remove(one)
    return kept


def _replaces(demand: Demand, other: int, one: int) -> bool:
    number = np.floor(demand.usd_per_hour[one] / demand.usd_per_hour[other] * (1 + 1e-12))
    return bool(number >= 1 and (demand.load[other] <= number * demand.load[one] * (1 + 1e-12)).all())
