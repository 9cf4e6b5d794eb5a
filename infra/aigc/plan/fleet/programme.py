"""The integer programme of a fleet: whole replicas on whole machines, at least cost.

A model's traffic can be routed over its replicas just where, for every set of its classes, the replicas that take one
of them serve what the set asks for (Gale's theorem on supply and demand), so that no variable says where requests go.
Replicas are whole: one that serves more than a set asks for counts as all that the set asks for. This makes the
programme's relaxation tighter, and no coefficient so small that a solver takes it for none.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from aigc.plan.fleet.candidates import Candidate
from aigc.plan.fleet.offers import Device, Offer
from aigc.plan.fleet.pools import Pool
from aigc.plan.fleet.wanted import WantedModel
from aigc.plan.mix.demand import Array

Key = tuple[Device, int, int]
"""Of a pool."""


@dataclass(frozen=True)
class Replicas:
    """A column: replicas of a candidate in a pool, in each of its zones; what may break is not counted."""

    candidate: Candidate
    pool: Pool
    spare: int = 0
    """How many more there are, if there are any."""
    apart: bool = False
    """No two on one machine."""

    @property
    def requests_per_second(self) -> float:
        """Of one in each zone; at most, where nobody has asked the queue yet."""
        one = self.candidate
        return self.pool.serving_zones * (one.requests_per_second if one.known else one.most_per_second)

    @property
    def most(self) -> int:
        """More have nothing to do."""
        return max(1, math.ceil(self.candidate.group.traffic / self.requests_per_second * (1 - 1e-12)))


@dataclass(frozen=True)
class Machines:
    """A column: machines of an offer in a pool, in each of its zones."""

    offer: Offer
    pool: Pool

    @property
    def usd_per_hour(self) -> float:
        """Of one in each zone."""
        return self.pool.zones * self.offer.usd_per_hour


@dataclass(frozen=True)
class Rule:
    """A row, in words."""

    kind: str
    """`traffic`, `room`, `spare`, `apart`, `quota` or `floor`."""
    name: str
    """Of the model, or the code of the quota."""


@dataclass(frozen=True)
class Programme:
    """Whole numbers x from 0 to `most` with `rows @ x >= needed` that cost least."""

    replicas: tuple[Replicas, ...]
    spares: tuple[int, ...]
    """Which replicas have spare ones; each has a column behind the replicas' that is 1 where there are any."""
    machines: tuple[Machines, ...]
    rows: sparse.csr_array
    needed: Array
    most: Array
    rules: tuple[Rule, ...]
    cost: Array
    """By column, of which the sum is to be least: $ an hour."""

    @property
    def first_machine(self) -> int:
        """Its column."""
        return len(self.replicas) + len(self.spares)

    def counts(self, x: Array) -> tuple[Array, Array]:
        """Replicas, spare ones included, and machines, a zone each."""
        replicas = x[: len(self.replicas)].copy()
        for at, which in enumerate(self.spares):
            # Where there is room left, spare ones of nothing cost nothing.
            replicas[which] += (replicas[which] > 0) * self.replicas[which].spare * x[len(self.replicas) + at]
        return replicas, x[self.first_machine : self.first_machine + len(self.machines)]

    def with_floors(self, floors: Mapping[str, float], prices: Mapping[Key, float]) -> Programme:
        """The same, where a model's replicas, spare ones included, cost no less than its floor at prices by pool.

        Of whole replicas this says nothing new; fractions of them it keeps from costing less.
        """
        numbered = {name: row for row, name in enumerate(floors)}
        counted = [*((one, 1) for one in self.replicas), *((one, one.spare) for one in self.replicas if one.spare)]
        names = [one.candidate.group.model.wanted.name for one, _ in counted]
        parts = [
            number * prices[one.pool.key] / floors[name] for (one, number), name in zip(counted, names, strict=True)
        ]
        where = [numbered[name] for name in names], range(len(counted))
        rows = sparse.csr_array((np.minimum(parts, 1.0), where), shape=(len(floors), len(self.cost)))
        return replace(
            self,
            rows=sparse.vstack([self.rows, rows], format="csr"),
            needed=np.append(self.needed, np.ones(len(floors))),
            rules=(*self.rules, *(Rule("floor", name) for name in floors)),
        )

    def with_slack(self, slack: Sequence[str]) -> Programme:
        """The same with these quotas raised by whole numbers, least as the sum of their shares of the limits."""
        rules = [Rule("quota", code) for code in slack]
        rows = sparse.csr_array(
            (np.ones(len(slack)), ([self.rules.index(rule) for rule in rules], np.arange(len(slack)))),
            shape=(len(self.rules), len(slack)),
        )
        limits = [max(1.0, -self.needed[self.rules.index(rule)]) for rule in rules]
        return replace(
            self,
            rows=sparse.hstack([self.rows, rows], format="csr"),
            most=np.append(self.most, np.full(len(slack), np.inf)),
            cost=np.append(np.zeros(len(self.cost)), 1 / np.array(limits)),
        )


@dataclass
class _Rows:
    """Rows as they come."""

    parts: list[tuple[Array, Array]] = field(default_factory=list)
    needed: list[float] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    def add(self, rule: Rule, entries: Mapping[int, float], needed: float) -> None:
        self.parts.append((np.array(list(entries), np.int64), np.array(list(entries.values()), np.float64)))
        self.needed.append(needed)
        self.rules.append(rule)

    def matrix(self, columns: int) -> sparse.csr_array:
        where = np.repeat(np.arange(len(self.parts)), [len(at) for at, _ in self.parts])
        at, values = (np.concatenate([part[side] for part in self.parts]) for side in (0, 1))
        return sparse.csr_array((values, (where, at)), shape=(len(self.parts), columns))


def programme_of(candidates: Iterable[Candidate], pools: Sequence[Pool], limits: Mapping[str, float]) -> Programme:
    """The programme of everything that may serve, where it may be put, and what limits it."""
    by_device: dict[Device, list[Pool]] = {}
    for pool in pools:
        by_device.setdefault(pool.device, []).append(pool)
    replicas = [column for one in candidates for column in columns_of(one, by_device.get(one.device, []))]
    return programme_with(replicas, pools, limits)


def programme_with(replicas: Sequence[Replicas], pools: Sequence[Pool], limits: Mapping[str, float]) -> Programme:
    """The programme of these columns of replicas."""
    spares = tuple(at for at, one in enumerate(replicas) if one.spare)
    machines = tuple(Machines(offer, pool) for pool in pools for offer in pool.offers)
    first_machine = len(replicas) + len(spares)
    most = [float(one.most) for one in replicas]
    rows = _Rows()
    _add_traffic(rows, replicas)
    _add_room(rows, replicas, spares, machines)
    _add_spares(rows, replicas, spares, machines, most)
    for code, limit in limits.items():
        if not math.isfinite(limit):
            continue
        each = {first_machine + at: one.pool.zones * one.offer.quotas.get(code, 0.0) for at, one in enumerate(machines)}
        rows.add(Rule("quota", code), {at: -counted for at, counted in each.items() if counted}, -limit)
    columns = first_machine + len(machines)
    bounds = np.array([*most, *np.ones(len(spares)), *np.full(len(machines), np.inf)])
    usd = np.append(np.zeros(first_machine), [one.usd_per_hour for one in machines])
    return Programme(
        tuple(replicas), spares, machines, rows.matrix(columns), np.array(rows.needed), bounds, tuple(rows.rules), usd
    )


def columns_of(candidate: Candidate, pools: Sequence[Pool]) -> Iterator[Replicas]:
    """The candidate in each of these pools."""
    for pool in pools:
        if not pool.machine_may_fail:
            yield Replicas(candidate, pool)
            continue
        yield Replicas(candidate, pool, spare=1, apart=True)
        if pool.replicas_a_machine > 1:
            yield Replicas(candidate, pool, spare=pool.replicas_a_machine)


def asked_of(wanted: WantedModel) -> list[tuple[frozenset[str], float]]:
    """Every set of a model's classes, by name, and its requests/s."""
    sizes = range(1, len(wanted.classes) + 1)
    sets = (chosen for size in sizes for chosen in itertools.combinations(wanted.classes, size))
    rate = wanted.requests_per_second
    return [(frozenset(one.name for one in chosen), rate * math.fsum(one.share for one in chosen)) for chosen in sets]


def _add_traffic(rows: _Rows, replicas: Sequence[Replicas]) -> None:
    by_model: dict[str, list[int]] = {}
    for at, one in enumerate(replicas):
        by_model.setdefault(one.candidate.group.model.wanted.name, []).append(at)
    for name, columns in by_model.items():
        each = [(at, replicas[at].requests_per_second, set(replicas[at].candidate.group.names)) for at in columns]
        for names, asked in asked_of(replicas[columns[0]].candidate.group.model.wanted):
            shares = {at: min(1.0, rate / asked) for at, rate, taken in each if not names.isdisjoint(taken)}
            rows.add(Rule("traffic", name), shares, 1.0)


def _add_room(rows: _Rows, replicas: Sequence[Replicas], spares: Sequence[int], machines: Sequence[Machines]) -> None:
    """A row a pool: its replicas, spare ones included, have room on its machines."""
    room: dict[Key, dict[int, float]] = {}
    for at, one in enumerate(replicas):
        room.setdefault(one.pool.key, {})[at] = -1.0
    for at, which in enumerate(spares):
        room[replicas[which].pool.key][len(replicas) + at] = -float(replicas[which].spare)
    for at, machine in enumerate(machines):
        if machine.pool.key in room:
            room[machine.pool.key][len(replicas) + len(spares) + at] = float(machine.offer.replicas)
    for key, entries in room.items():
        rows.add(Rule("room", key[0][0]), entries, 0.0)


def _add_spares(
    rows: _Rows,
    replicas: Sequence[Replicas],
    spares: Sequence[int],
    machines: Sequence[Machines],
    most: Sequence[float],
) -> None:
    """Replicas come with their spare ones, and where they are kept apart, on as many machines."""
    first_machine = len(replicas) + len(spares)
    of_pool: dict[Key, dict[int, float]] = {}
    for at, machine in enumerate(machines):
        of_pool.setdefault(machine.pool.key, {})[first_machine + at] = 1.0
    for at, which in enumerate(spares):
        one, switch = replicas[which], len(replicas) + at
        name = one.candidate.group.model.wanted.name
        rows.add(Rule("spare", name), {switch: most[which], which: -1.0}, 0.0)
        if one.apart and one.pool.replicas_a_machine > 1:
            rows.add(Rule("apart", name), {**of_pool[one.pool.key], which: -1.0, switch: -1.0}, 0.0)
