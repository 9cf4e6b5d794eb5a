"""One model by itself: what serves it, what that costs at fixed prices of room, and what it can do without.

Models share nothing but room on machines. At a price of room each has a small programme of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aigc.plan.fleet.cover import Columns, Cover, Places, affordable, cheapest_cover
from aigc.plan.fleet.programme import Key, Replicas, asked_of
from aigc.plan.mix.demand import Array, Flags


@dataclass(frozen=True)
class Choice:
    """What a model would take, if room had its price."""

    rates: Array
    """By column of the model, as they were known."""
    allowed: Flags
    """Columns that were to choose from."""
    chosen: Places
    """Those of them that replace all others."""
    worth: Array
    """Of each row, so that no column covers more than it costs."""
    cover: Cover
    """Counts of the chosen columns."""

    @property
    def taken(self) -> Places:
        """Columns that there are replicas of."""
        return self.chosen[self.cover.counts > 0]


class Room(NamedTuple):
    """For replicas of a model in a pool."""

    pool: Key
    usd: float
    """That one may save."""
    number: float
    """How many may save so much."""


class ModelColumns:
    """All replicas that may serve one model."""

    def __init__(self, replicas: Sequence[Replicas], prices: Mapping[Key, float]) -> None:
        self.replicas = tuple(replicas)
        self.wanted = replicas[0].candidate.group.model.wanted
        self.each: Array = np.array([prices[one.pool.key] for one in replicas])
        self.spare: Array = np.array([one.spare for one in replicas], np.float64)
        self.alone: Flags = np.array([one.pool.replicas_a_machine == 1 for one in replicas])
        """Those that have their machines to themselves: what they cost is their price, whatever others do."""
        sets = asked_of(self.wanted)
        taken = [set(one.candidate.group.names) for one in replicas]
        self._asked: Array = np.array([asked for _, asked in sets])
        self._takes: Flags = np.array([[not names.isdisjoint(its) for its in taken] for names, _ in sets])
        self._traffic: Array = np.array([one.candidate.group.traffic for one in replicas])
        self.rates: Array = np.zeros(0)
        self.able: Flags
        self.gains: Array
        """Rows x columns, as the programme has them."""
        self.most: Array
        self.take_in_rates()

    def take_in_rates(self) -> None:
        """Go by what is known of rates now."""
        rates = np.array([one.requests_per_second for one in self.replicas])
        if np.array_equal(rates, self.rates):
            return
        self.rates = rates
        self.able = rates > 0
        self.gains = np.where(self._takes, np.minimum(1.0, rates / self._asked[:, None]), 0.0)
        replicas = self._traffic / np.where(self.able, rates, np.inf)
        self.most = np.maximum(1.0, np.ceil(replicas * (1 - 1e-12)))

    def ask(self, columns: Places) -> bool:
        """Ask for the rates of these columns; whether one of them was not known."""
        unknown = [one for one in (self.replicas[at].candidate for at in columns) if not one.known]
        for one in unknown:
            one.ask()
        if unknown:
            self.take_in_rates()
        return bool(unknown)

    def of(self, chosen: Places) -> Columns:
        """Some of them, spare ones paid for once."""
        each, spare = self.each[chosen], self.spare[chosen]
        return Columns(each, spare * each, self.most[chosen], self.gains[:, chosen])

    def within(self, pools: Set[Key]) -> Flags:
        """Those that serve, and are in these pools or have their machines to themselves."""
        inside = np.array([one.pool.key in pools for one in self.replicas])
        return np.asarray(self.able & (self.alone | inside))

    def undominated(self, allowed: Flags) -> Places:
        """Those that no other one of them replaces, one for one at no higher price."""
        once = self.spare * self.each
        left = np.flatnonzero(allowed)
        left = left[np.lexsort((-self.gains[:, left].sum(axis=0), once[left], self.each[left]))]
        kept: list[int] = []
        while len(left):
            best = left[0]
            kept.append(int(best))
            replaced = (self.gains[:, left] <= self.gains[:, [best]]).all(axis=0) & (once[left] >= once[best])
            left = left[~replaced]
        return np.array(kept, np.intp)

    def served_by(self, chosen: Places) -> bool:
        """Whether these take every class."""
        return bool(self.gains[:, chosen].any(axis=1).all())

    def choice(self, chosen: Places, worth: Array, allowed: Flags) -> Choice:
        """The cheapest of the chosen, which replace all that are allowed; they serve the model."""
        worth = worth * affordable(self.of(np.flatnonzero(allowed)), worth)
        cover = cheapest_cover(self.of(chosen), worth)
        if cover is None:
            raise RuntimeError(f"what serves every class of {self.wanted.name} does not serve its requests")
        return Choice(self.rates, allowed, chosen, worth, cover)

    def still_best(self, choice: Choice, allowed: Flags) -> bool:
        """Whether a choice that was made among no fewer columns and with the same rates is among these."""
        same = choice.rates is self.rates and not (allowed & ~choice.allowed).any()
        return same and bool(allowed[choice.taken].all())

    def may_better(self, choice: Choice, saving: float, pools: Set[Key]) -> Places:
        """Columns that an answer may have which costs less than the sum of all models' bounds and the saving."""
        allowed = self.within(pools)
        one = self.of(np.arange(len(self.replicas)))
        reduced = one.least - choice.worth @ self.gains
        allowed &= choice.worth.sum() + np.maximum(reduced, 0.0) < choice.cover.bound + saving
        kept = np.zeros(len(self.replicas), np.bool_)
        kept[self.undominated(allowed & self.alone)] = True
        return np.flatnonzero(allowed & (kept | ~self.alone))

    def instead(self, alone_usd: float) -> Iterator[Room]:
        """What its room in each pool saves at most against machines of the model's own.

        Args:
            alone_usd: What serves the whole model by such machines.
        """
        usd = np.minimum(self._instead(), alone_usd)
        usd[self.spare > 0] = alone_usd / (1 + self.spare[self.spare > 0])
        for key, (saved, number) in self._by_pool(usd).items():
            yield Room(key, saved, min(number, alone_usd / saved))

    def _by_pool(self, usd: Array) -> dict[Key, tuple[float, float]]:
        """The most by shared pool, and how many replicas have something to do there."""
        rooms: dict[Key, tuple[float, float]] = {}
        for at in np.flatnonzero(self.able & ~self.alone):
            key = self.replicas[at].pool.key
            saved, number = rooms.get(key, (0.0, 0.0))
            rooms[key] = max(saved, float(usd[at])), number + float(self.most[at] + self.spare[at])
        return rooms

    def _instead(self) -> Array:
        """What replaces one replica of a column, and covers as much, on machines of the model's own."""
        usd = np.full(len(self.replicas), np.inf)
        # Only what is known to serve so much: a pool that is closed for it stays closed, whatever is asked for later.
        known = np.array([one.candidate.known for one in self.replicas])
        for own in self.undominated(self.able & self.alone & known & (self.spare == 0)):
            covers = self.gains[:, [own]]
            with np.errstate(divide="ignore", invalid="ignore"):
                number = np.where(self.gains > 0, self.gains / covers, 0.0).max(axis=0)
            usd = np.minimum(usd, np.ceil(number * (1 - 1e-12)) * self.each[own])
        return usd
