"""What counts of machines must obey, proven by prices: the part of a Benders decomposition that arithmetic does.

Ask any price for the capacity of one machine of each type. However the traffic is routed, it pays at least what it pays
when each bucket goes to the type that asks least for it. So machines whose capacity is worth less than that sum cannot
carry it (weak duality of the routing problem). This holds for every price, also for one that a solver found badly.
"""

from __future__ import annotations

import numpy as np

from aigc.plan.mix.demand import OVERLOAD, Array, Demand

ADJUSTMENTS = 10
"""Of prices by overload: they settle three of four numbers of machines that do not suffice; more settle few others."""


class Cuts:
    """Inequalities `weights @ counts >= needed` that hold for all numbers of machines that suffice."""

    def __init__(self, demand: Demand) -> None:
        self.demand = demand
        able = np.unique(demand.serves.T, axis=0).astype(np.float64)
        self.weights: Array = able
        """Of machine types (columns); these first ones say that each bucket needs a machine that can serve it."""
        self.needed: Array = np.ones(len(able))

    def add(self, paid: Array) -> None:
        """Take over what the buckets pay, and so the lowest prices at which they pay as much."""
        load = self.demand.load
        prices = np.divide(paid, load, out=np.zeros_like(load), where=load > 0).max(axis=1)
        if prices.max() > 0:
            prices /= prices.max()
            self.weights = np.vstack([self.weights, prices])
            self.needed = np.append(self.needed, self.demand.paid(prices).sum() / (1 + OVERLOAD))

    def price_out(self, counts: Array) -> bool:
        """Look for prices that prove these counts too few; if there are some, add their cut.

        Prices rise where the cheapest routes overload a type and fall where they leave it idle.
        """
        used = counts > 0
        some, machines = self.demand.of(used), counts[used]
        prices = some.usd_per_hour
        for step in range(1, ADJUSTMENTS + 1):
            paid = some.paid(prices)
            if paid.sum() > (prices @ machines) * (1 + OVERLOAD):
                self.add(paid)
                return True
            utilisation = some.routed(some.cheapest_routes(prices)) / machines
            prices = prices * (0.2 + utilisation) ** (0.5 / step**0.5)
        return False

    def hold(self, counts: Array) -> Array:
        """Which of several counts (rows) obey the newest cut."""
        return np.asarray(counts @ self.weights[-1] >= self.needed[-1])
