"""The way from one fleet to another, a pool at a time: what is new comes before what is old goes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from aigc.plan.fleet.answer import RentedMachines
from aigc.plan.fleet.present import Counts, PoolKey, Present

MOST = 2**31
"""More machines than anybody rents."""


@dataclass(frozen=True)
class PoolChange:
    """Machines of one pool that come or go."""

    pool: RentedMachines
    """With the larger of both counts, at its present price."""
    before: int
    after: int


def moves(there: Counts, target: Counts) -> int:
    """Machines that come or go."""
    return sum(abs(target.get(key, 0) - there.get(key, 0)) for key in {**there, **target})


@dataclass(frozen=True)
class Start:
    """A fleet as it is."""

    now: Present
    there: Counts
    gone: tuple[RentedMachines, ...] = ()
    """Pools that run and cannot be planned with any more."""

    @property
    def machines(self) -> tuple[RentedMachines, ...]:
        """All of them."""
        return (*self.now.rented(self.there), *self.gone)

    @property
    def usd_per_hour(self) -> float:
        """At present prices; of what is gone from the catalog, at its last ones."""
        return self.now.usd_per_hour(self.there) + math.fsum(one.count * one.usd_per_hour for one in self.gone)

    def step(self, target: Counts) -> tuple[PoolChange, Start] | None:
        """The first change, and the fleet after it; None: the limits allow none of them as long as all must be served.

        Once everything has grown, the fleet has all machines of the target and more, so whatever else goes, it serves.
        """
        growing, shrinking = self._growing(target), self._shrinking(target)
        for key in growing:
            most = min(target[key], self.there.get(key, 0) + self._room(key))
            if most > self.there.get(key, 0):
                return self._changed(key, most)
        if self.gone and not growing:
            return PoolChange(self.gone[0], self.gone[0].count, 0), replace(self, gone=self.gone[1:])
        too_much = bool(self.now.overrun(self.there))
        for key in shrinking:
            change, after = self._changed(key, target.get(key, 0))
            if not growing or too_much or self.now.suffice(after.there):
                return change, after
        return None

    def to_come(self, target: Counts) -> Iterator[PoolChange]:
        """All changes, in order, limits on the way aside."""
        for key in self._growing(target):
            yield self._changed(key, target[key])[0]
        for one in self.gone:
            yield PoolChange(one, one.count, 0)
        for key in self._shrinking(target):
            yield self._changed(key, target.get(key, 0))[0]

    def _growing(self, target: Counts) -> list[PoolKey]:
        return self._dearest([key for key, count in target.items() if count > self.there.get(key, 0)], target)

    def _shrinking(self, target: Counts) -> list[PoolKey]:
        return self._dearest([key for key, count in self.there.items() if count > target.get(key, 0)], target)

    def _dearest(self, keys: list[PoolKey], target: Counts) -> list[PoolKey]:
        """What changes the cost most comes first."""

        def usd(key: PoolKey) -> float:
            return self.now.offers[key[0]].usd_per_hour * abs(target.get(key, 0) - self.there.get(key, 0))

        return sorted(keys, key=lambda key: (-usd(key), str(key)))

    def _room(self, key: PoolKey) -> int:
        """Machines of a pool that the limits have room for, the same in each of its zones."""
        each, zones = self.now.offers[key[0]].quotas, key[1]
        room = [self.now.left(self.there, code) / counted for code, counted in each.items() if counted]
        return max(0, math.floor(min([*room, MOST]) * (1 + 1e-9) / zones) * zones)

    def _changed(self, key: PoolKey, count: int) -> tuple[PoolChange, Start]:
        before = self.there.get(key, 0)
        counts = {**self.there, key: count}
        pool = self.now.pool(key, max(before, count))
        return PoolChange(pool, before, count), replace(self, there={one: many for one, many in counts.items() if many})
