"""The cheapest whole numbers that cover every row, by branch and bound: proven in plain arithmetic, without a solver.

It is for one model at fixed prices of replicas: few rows, few columns, few replicas. Partial answers are looked at in
the order of what they cost at least, so that one that covers everything is the cheapest when its turn comes, and what
is left when there were too many is a bound.
"""

from __future__ import annotations

import heapq
import itertools
import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aigc.plan.mix.demand import OVERLOAD, Array

Places = NDArray[np.intp]
"""Of columns."""

MOST_NODES = 20_000
"""Partial answers that are looked at; a bound that is proven by then is as good as one on fractions or better."""


@dataclass(frozen=True)
class Columns:
    """What may be taken, in whole numbers."""

    each: Array
    """Price of one."""
    once: Array
    """Price besides, where there are any."""
    most: Array
    """More are of no use."""
    gains: Array
    """Rows x columns: the part of a row that one covers, none above 1."""

    @property
    def least(self) -> Array:
        """Price of one where the price of having any is spread over the most there can be: no count costs less."""
        return np.asarray(self.each + self.once / self.most)

    def of(self, chosen: Places) -> Columns:
        """Some of them."""
        return Columns(self.each[chosen], self.once[chosen], self.most[chosen], self.gains[:, chosen])


@dataclass(frozen=True)
class Cover:
    """The cheapest answer."""

    counts: Array
    """By column."""
    cost: float
    bound: float
    """Proven: no answer costs less."""


def cheapest_cover(columns: Columns, worth: Array) -> Cover | None:
    """The counts that cover each row once at least cost; None: even all of them do not.

    Args:
        columns: What may be taken.
        worth: Of each row, as linear programming prices it; any numbers are right, good ones are quick.
    """
    worth = worth * affordable(columns, worth)
    order = np.argsort(columns.least - worth @ columns.gains, kind="stable")
    found = _Search(columns.of(order), worth).run()
    if found is None:
        return None
    counts = np.zeros(len(order))
    counts[order] = found.counts
    return Cover(counts, found.cost, found.bound)


def affordable(columns: Columns, worth: Array) -> float:
    """The share of what the rows are worth at which no column costs less than it covers: weak duality asks for it."""
    covers = worth @ columns.gains
    over = covers > 0
    return float(min(1.0, (columns.least[over] / covers[over]).min(initial=1.0)))


@dataclass(frozen=True, order=True)
class _Part:
    """A part of an answer: the last of its columns may still grow, those before it do not."""

    bound: float
    """No answer that it is a part of costs less."""
    number: int
    """Tells apart what costs the same."""
    cost: float
    covered: tuple[float, ...]
    """By row."""
    at: int
    """The last column; behind the end where every row is covered."""
    counts: tuple[int, ...]


class _Search:
    """Looks at parts, cheapest first."""

    def __init__(self, columns: Columns, worth: Array) -> None:
        self.each, self.once, self.most = (one.tolist() for one in (columns.each, columns.once, columns.most))
        self.gains, self.worth = columns.gains.T.tolist(), worth.tolist()
        self.cheapest = np.minimum.accumulate(columns.each[::-1])[::-1].tolist()
        self.behind = np.maximum.accumulate(columns.gains[:, ::-1], axis=1)[:, ::-1].T.tolist()
        """By column and row: the most that one of this column or those behind it covers."""
        self.numbers = itertools.count()
        self.best_cost = np.inf

    def run(self) -> Cover | None:
        width, rows = len(self.each), len(self.worth)
        queue = [_Part(sum(self.worth), next(self.numbers), 0.0, (0.0,) * rows, 0, (0,) * width)]
        for _ in range(MOST_NODES):
            if not queue:
                return None
            part = heapq.heappop(queue)
            if part.at == width:
                return Cover(np.array(part.counts, np.float64), part.cost, part.cost)
            for column in range(part.at, width):
                grown = self._with_one(part, column)
                if grown is not None and grown.bound <= self.best_cost:
                    heapq.heappush(queue, grown)
        return self._cut_short(queue) if queue else None

    def _with_one(self, part: _Part, column: int) -> _Part | None:
        """The part and one of the column; None where there is no use in that."""
        had = part.counts[column]
        if had >= self.most[column]:
            return None
        cost = part.cost + self.each[column] + (0.0 if had else self.once[column])
        covered = tuple(a + b for a, b in zip(part.covered, self.gains[column], strict=True))
        counts = (*part.counts[:column], had + 1, *part.counts[column + 1 :])
        lacking = [max(0.0, 1 - one) if one < _enough(one) else 0.0 for one in covered]
        if not any(lacking):
            self.best_cost = min(self.best_cost, cost)
            return _Part(cost, next(self.numbers), cost, covered, len(self.each), counts)
        if any(lack and not most for lack, most in zip(lacking, self.behind[column], strict=True)):
            return None
        # What is paid once for more of this column is in its worth already, spread over all there can be.
        spread = self.once[column] * (1 - (had + 1) / self.most[column])
        ahead = max(sum(map(operator.mul, lacking, self.worth)) - spread, self.cheapest[column])
        return _Part(cost + ahead, next(self.numbers), cost, covered, column, counts)

    def _cut_short(self, queue: list[_Part]) -> Cover | None:
        """The cheapest answer so far, else the part whose turn it is with what is worth most, and what is proven."""
        whole = [part for part in queue if part.at == len(self.each)]
        best = min(whole) if whole else self._completed(queue[0])
        return None if best is None else Cover(np.array(best.counts, np.float64), best.cost, queue[0].bound)

    def _completed(self, part: _Part | None) -> _Part | None:
        while part is not None and part.at < len(self.each):
            grown = [one for column in range(part.at, len(self.each)) if (one := self._with_one(part, column))]
            part = min(grown, default=None)
        return part


def _enough(covered: float) -> float:
    """What a row must be covered, as `solver.obeys` has it."""
    return 1 - OVERLOAD * (covered + 1)
