"""Takes a fleet apart, model by model, to rule out most of what may serve before anything is solved as a whole.

A replica costs no less than its part of the cheapest full machine of its pool. At that price of room each model has its
cheapest replicas, found and proven in plain arithmetic (`cover`); what they cost in sum no fleet undercuts. Machines
that hold one replica each have exactly that price: a fleet of them alone is an answer. Between the two lies the best:

* A pool is closed where even a full machine costs no less than what its replicas would cost on such machines.
* A column is left out where an answer that has it costs no less than the best one that is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from aigc.plan.fleet.candidates import Candidate
from aigc.plan.fleet.cover import Columns
from aigc.plan.fleet.model_columns import Choice, ModelColumns, Room
from aigc.plan.fleet.offers import Device
from aigc.plan.fleet.pools import Pool
from aigc.plan.fleet.programme import Key, Programme, Replicas, columns_of, programme_with
from aigc.plan.fleet.solver import proposed
from aigc.plan.mix.demand import Array, Flags


class ByModel:
    """A fleet without quotas, and everything that may serve it."""

    def __init__(self, candidates: Iterable[Candidate], pools: Sequence[Pool]) -> None:
        self.pools = pools
        self.prices = {
            pool.key: min(pool.zones * it.usd_per_hour / it.replicas for it in pool.offers) for pool in pools
        }
        """$ an hour of a replica's room, in each of the zones."""
        by_device: dict[Device, list[Pool]] = {}
        for pool in pools:
            by_device.setdefault(pool.device, []).append(pool)
        columns: dict[str, list[Replicas]] = {}
        for one in candidates:
            its = columns.setdefault(one.group.model.wanted.name, [])
            its += columns_of(one, by_device.get(one.device, []))
        self.models = [ModelColumns(its, self.prices) for its in columns.values()]
        self._alone: dict[str, Choice] = {}
        self._shared: dict[str, Choice] = {}

    def reduced(self) -> Programme | None:
        """The programme of what a better answer than the best known one may have, and of that one; None: there is none.

        What the models would take at the prices of room has been asked for its rate.
        """
        for model in self.models:
            model.take_in_rates()
        alone = self._choices(set(), self._alone)
        pools = {pool.key for pool in self.pools} if alone is None else self._worth_opening(alone)
        choices = self._choices(pools, self._shared)
        if choices is None:
            return None
        taken = [one for each in (alone, choices) if each is not None for one in self._taken(each)]
        known_usd = math.inf if alone is None else math.fsum(one.cover.cost for one in alone)
        known_usd = min(known_usd, proposed(self._programme(taken)).cost)
        return self._better(choices, known_usd, taken, pools)

    def _worth_opening(self, alone: Sequence[Choice]) -> set[Key]:
        """Pools of which some machine, full of what saves most, may cost less than what replaces it."""
        by_pool: dict[Key, list[Room]] = {}
        for model, choice in zip(self.models, alone, strict=True):
            for room in model.instead(choice.cover.cost):
                by_pool.setdefault(room.pool, []).append(room)
        return {
            pool.key
            for pool in self.pools
            for offer in pool.offers
            if _most_saved(by_pool.get(pool.key, []), offer.replicas) > pool.zones * offer.usd_per_hour
        }

    def _better(
        self, choices: Sequence[Choice], known_usd: float, taken: Sequence[Replicas], pools: Set[Key]
    ) -> Programme:
        """What an answer may have that costs less than the best known one, and what the models take."""
        saving = known_usd - math.fsum(one.cover.bound for one in choices)
        better = [
            model.replicas[at]
            for model, one in zip(self.models, choices, strict=True)
            for at in model.may_better(one, saving, pools)
        ]
        floors = {model.wanted.name: one.cover.bound for model, one in zip(self.models, choices, strict=True)}
        return self._programme([*taken, *better]).with_floors(floors, self.prices)

    def _choices(self, pools: Set[Key], found: dict[str, Choice]) -> list[Choice] | None:
        """What each model takes at the prices of room in these pools and of its own; None where one finds nothing.

        Each takes known rates alone: what it would take is asked for, until it takes no other.
        """
        waiting = [model for model in self.models if not _still_best(model, found, model.within(pools))]
        while waiting:
            chosen = [model.undominated(model.within(pools)) for model in waiting]
            if not all(model.served_by(its) for model, its in zip(waiting, chosen, strict=True)):
                return None
            again = []
            relaxed = _relaxed([model.of(its) for model, its in zip(waiting, chosen, strict=True)])
            for model, its, (x, worth) in zip(waiting, chosen, relaxed, strict=True):
                if model.ask(its[x > 0]):
                    again.append(model)
                    continue
                choice = model.choice(its, worth, model.within(pools))
                found[model.wanted.name] = choice
                if model.ask(choice.taken):
                    again.append(model)
            waiting = again
        return [found[model.wanted.name] for model in self.models]

    def _taken(self, choices: Sequence[Choice]) -> list[Replicas]:
        return [model.replicas[at] for model, one in zip(self.models, choices, strict=True) for at in one.taken]

    def _programme(self, replicas: Sequence[Replicas]) -> Programme:
        """Of these alone, on machines of their pools."""
        distinct = list({id(one): one for one in replicas}.values())
        keys = {one.pool.key for one in distinct}
        return programme_with(distinct, [pool for pool in self.pools if pool.key in keys], {})


def _still_best(model: ModelColumns, found: Mapping[str, Choice], allowed: Flags) -> bool:
    choice = found.get(model.wanted.name)
    return choice is not None and model.still_best(choice, allowed)


def _most_saved(rooms: Iterable[Room], free: float) -> float:
    """By as many replicas as a machine holds, those that save most first."""
    total = 0.0
    for room in sorted(rooms, key=lambda room: -room.usd):
        total += room.usd * min(room.number, free)
        free -= min(room.number, free)
    return total


def _relaxed(models: Sequence[Columns]) -> Iterator[tuple[Array, Array]]:
    """For each model the fractions of its columns that cover its rows at least cost, and what the rows are worth."""
    gains = sparse.block_diag([one.gains for one in models], format="csr")
    found = linprog(np.concatenate([one.least for one in models]), -gains, -np.ones(gains.shape[0]))
    if found.x is None:
        raise RuntimeError(f"HiGHS solved no relaxation: {found.message}")
    worth = np.maximum(-found.ineqlin.marginals, 0.0)
    columns = np.cumsum([len(one.each) for one in models])[:-1]
    rows = np.cumsum([len(one.gains) for one in models])[:-1]
    yield from zip(np.split(found.x, columns), np.split(worth, rows), strict=True)
