"""The search for the cheapest counts of machines: list what is possible, and where that is too much, part it.

Branch and bound over the counts alone. How traffic is routed over given machines is a linear programme, and what it
proves about counts that do not suffice is kept as a cut (`cuts.py`), which rules out others without a programme.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field

import numpy as np

from aigc.plan.mix.candidates import candidates
from aigc.plan.mix.cuts import Cuts
from aigc.plan.mix.demand import OVERLOAD, Array, Demand, machines_for
from aigc.plan.mix.routes import even_routes, relaxation

SAME_COST = 1e-8
"""Costs this close, as a share, are one: at $1000 an hour, nine cents a year. More than OVERLOAD, which cuts leave."""
MOST_BOXES = 1000
"""About a minute; 8 types, 100 buckets and a million requests/s need 300."""


@dataclass(order=True)
class _Box:
    """Counts from `low` to `high`, none of which costs less than `least_usd`."""

    least_usd: float
    number: int
    low: Array = field(compare=False)
    high: Array = field(compare=False)


class Search:
    """One search; afterwards `counts` are the cheapest that suffice, and `least_usd` says what is proven."""

    def __init__(self, demand: Demand) -> None:
        self.demand = demand
        self.cuts = Cuts(demand)
        self.counts: Array = np.zeros(demand.types)
        self.usd_per_hour = np.inf
        self.least_usd = 0.0
        """Nothing that suffices costs less an hour; equal to `usd_per_hour` unless the search was cut short."""
        self._numbers = itertools.count()

    def run(self) -> None:
        """Search until nothing cheaper is left, or MOST_BOXES boxes were looked at."""
        self.cuts.add(self.demand.paid(self.demand.usd_per_hour))
        self._guess()
        nothing = np.zeros(self.demand.types)
        open_boxes = [_Box(0.0, next(self._numbers), nothing, self._affordable(nothing, nothing + np.inf))]
        for _ in range(MOST_BOXES):
            if not open_boxes or open_boxes[0].least_usd >= self._below():
                open_boxes = []
                break
            for part in self._parts(heapq.heappop(open_boxes)):
                heapq.heappush(open_boxes, part)
        self.least_usd = open_boxes[0].least_usd if open_boxes else self.usd_per_hour

    def _below(self) -> float:
        """What a better answer must cost less than."""
        return float(self.usd_per_hour) * (1 - SAME_COST)

    def _offer(self, counts: Array) -> None:
        cost = float(self.demand.usd_per_hour @ counts)
        if cost < self.usd_per_hour:
            self.usd_per_hour, self.counts = cost, counts

    def _guess(self) -> None:
        """Answers without search: each type alone, and each bucket where it is cheapest, with ever fewer types."""
        for at in np.flatnonzero(self.demand.serves.all(axis=1)):
            self._offer(machines_for(self.demand.load[at].sum()) * (np.arange(self.demand.types) == at))
        allowed = np.full(self.demand.types, True)
        while (some := self.demand.of(allowed)).serves.any(axis=0).all():
            busy = np.zeros(self.demand.types)
            busy[allowed] = some.routed(some.cheapest_routes(some.usd_per_hour))
            counts = machines_for(busy)
            self._offer(counts)
            allowed = counts > 0
            idle_usd = self.demand.usd_per_hour * (counts - busy)
            allowed[np.argmax(np.where(allowed, idle_usd, -np.inf))] = False

    def _parts(self, box: _Box) -> list[_Box]:
        """Settle a box, or part it in two."""
        if self._settled(box):
            return []
        relaxed = relaxation(self.demand, box.low, box.high)
        if relaxed is None:
            return []
        self.cuts.add(relaxed.paid)
        self._offer(machines_for(relaxed.counts))
        least_usd = self._least_usd(box)
        if least_usd >= self._below() or self._settled(box):
            return []
        at, last = _where_to_part(box, relaxed.counts)
        here = np.arange(self.demand.types) == at
        halves = (box.low, np.where(here, last, box.high)), (np.where(here, last + 1, box.low), box.high)
        return [
            _Box(least_usd, next(self._numbers), low, self._affordable(low, high))
            for low, high in halves
            if self.demand.usd_per_hour @ low < self._below()
        ]

    def _least_usd(self, box: _Box) -> float:
        """A lower bound of what counts in the box cost, by the newest prices: true for any (Lagrange)."""
        usd, prices = self.demand.usd_per_hour, self.cuts.weights[-1]
        # In the scale of the prices the bound is concave and bends where a type is worth what it costs.
        scales = np.divide(usd, prices, out=np.zeros_like(usd), where=prices > 0)
        dearer = usd - np.outer(scales, prices)
        bounds = scales * self.cuts.needed[-1] + np.minimum(dearer * box.low, dearer * box.high).sum(axis=1)
        return max(box.least_usd, float(bounds.max()))

    def _settled(self, box: _Box) -> bool:
        """Whether the box could be listed; then its cheapest counts that suffice were offered."""
        listed = candidates(self.cuts, box.low, box.high, self._below())
        if listed is None:
            return False
        while len(listed):
            if self._suffice(listed[0]):
                self._offer(listed[0])
                break
            listed = listed[1:][self.cuts.hold(listed[1:])]
        return True

    def _suffice(self, counts: Array) -> bool:
        """Whether the traffic can be routed over so many machines; if not, the cuts know why."""
        if self.cuts.price_out(counts):
            return False
        routes = even_routes(self.demand, counts)
        if routes.fullest <= 1 + OVERLOAD:
            return True
        self.cuts.add(routes.paid)
        return False

    def _affordable(self, low: Array, high: Array) -> Array:
        """The upper bounds of a box without counts that cost too much by themselves."""
        usd = self.demand.usd_per_hour
        return np.minimum(high, low + np.floor((self._below() - usd @ low) / usd))


def _where_to_part(box: _Box, counts: Array) -> tuple[int, float]:
    """The type, and its last count in the lower half: at the fraction that is nearest to one half, else the middle."""
    fraction = np.abs(counts - np.round(counts))
    at = int(np.argmax(fraction))
    if fraction[at] > 1e-6:
        return at, float(np.floor(counts[at]))
    at = int(np.argmax(box.high - box.low))
    return at, float(np.floor((box.low[at] + box.high[at]) / 2))
