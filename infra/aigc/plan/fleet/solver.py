"""Solves the integer programme: HiGHS proposes, arithmetic checks.

As scipy 1.17.1 has it (HiGHS 1.12), its integer solver has called answers optimal that were not (decision 0021). So an
answer counts only if it obeys every row in plain arithmetic, the bound that its prices prove is computed here, and a
bound of its own is believed only as far as no answer contradicts it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from aigc.catalog.faults import fail
from aigc.plan.fleet.programme import Programme
from aigc.plan.mix.demand import OVERLOAD, Array, Flags

GAP = 1e-4
"""Share of the cost that may be left unproven: at $1000 an hour, ten cents."""
MOST_NODES = 300
"""Of the integer solver's search; then the best answer is taken, with what is proven by then. Seconds would make the
answer depend on the machine."""
IMPOSSIBLE = 2
"""The status of scipy's solvers for it."""
SEEN = 3e-6
"""Three times what the integer solver tolerates in a row."""
MOST_MENDINGS = 5
STDOUT = 1


@dataclass(frozen=True)
class Solved:
    """The best answer that was found."""

    x: Array
    cost: float
    relaxed_cost: float
    """Proven in plain arithmetic: nothing costs less."""
    claimed_cost: float
    """What the integer solver has proven, by its own word: nothing costs less. No less than the relaxed bound."""


@dataclass(frozen=True)
class Relaxed:
    """The programme with fractions of machines."""

    x: Array
    cost: float
    """Proven: nothing costs less."""
    reduced: Array
    """By column: what the first of it adds to that bound at least."""


@dataclass(frozen=True)
class Proposed:
    """What the integer solver says."""

    x: Array | None
    """Whole numbers that keep every row."""
    cost: float
    """Infinite where there are none."""
    claimed: float
    """Nothing costs less, by its own word."""
    impossible: bool
    """By its own word."""


def solved(programme: Programme) -> Solved | None:
    """The cheapest answer; None: there is none.

    Raises:
        UserError: none was found in time, nor a proof that there is none.
    """
    relaxed = relaxation(programme)
    if relaxed is None:
        return None
    # Few columns have an answer that is nearly the best; its cost then rules out most of the others.
    support = relaxed.x > 0
    best = _integer(programme, support)
    allowed = relaxed.cost + np.maximum(relaxed.reduced, 0) < best.cost
    claimed = best.claimed
    if (allowed & ~support).any():
        other = _integer(programme, allowed)
        claimed = other.claimed
        best = other if other.cost < best.cost or best.x is None else best
    if best.x is None:
        if best.impossible:
            return None
        problem = f"found no fleet within {MOST_NODES} nodes, and no proof that there is none"
        raise fail("the search", problem, "raise a quota, or ask for fewer models at once")
    believed = relaxed.cost <= claimed <= best.cost * (1 + GAP)
    return Solved(best.x, best.cost, relaxed.cost, min(claimed, best.cost) if believed else relaxed.cost)


def relaxation(programme: Programme) -> Relaxed | None:
    """The relaxed optimum and the bound that its prices prove; None: even fractions do not suffice."""
    cost = programme.cost
    found = linprog(
        cost, -programme.rows, -programme.needed, bounds=np.column_stack([np.zeros(len(cost)), programme.most])
    )
    if found.status == IMPOSSIBLE:
        return None
    if found.x is None:
        raise RuntimeError(f"HiGHS solved no relaxation: {found.message}")
    prices = np.maximum(-found.ineqlin.marginals, 0.0)
    reduced = cost - programme.rows.T @ prices
    # By weak duality a bound for any prices; a column that costs less than it is worth counts as often as it can.
    room = np.where(np.isfinite(programme.most), programme.most, _most_machines(programme))
    bound = float(prices @ programme.needed + (np.minimum(reduced, 0) * room).sum())
    return Relaxed(found.x, max(0.0, bound), reduced)


def proposed(programme: Programme) -> Proposed:
    """An answer of the integer solver, checked."""
    return _integer(programme, np.ones(len(programme.cost), np.bool_))


def obeys(programme: Programme, x: Array) -> bool:
    """Whether whole numbers keep every row, to a billionth of what the row weighs."""
    weighed = abs(programme.rows) @ x + np.abs(programme.needed)
    kept = programme.rows @ x >= programme.needed - OVERLOAD * weighed
    return bool(kept.all() and (x >= 0).all() and (x <= programme.most).all())


def _most_machines(programme: Programme) -> float:
    """More than any optimum has of one type: with a machine for each replica that can have something to do."""
    replicas, spares = programme.most[: len(programme.replicas)], [one.spare for one in programme.replicas]
    return float(replicas.sum() + sum(spares))


def _integer(programme: Programme, allowed: Flags) -> Proposed:
    """An answer with some of the columns, checked.

    The solver takes a row for kept that lacks a millionth; one that its answer breaks is asked for that much more.
    """
    most, needed = np.where(allowed, programme.most, 0.0), programme.needed.copy()
    first = found = _highs(programme, most, needed)
    for _ in range(MOST_MENDINGS):
        if found.x is None or obeys(programme, np.round(found.x)):
            break
        broken = programme.rows @ np.round(found.x) < programme.needed
        needed[broken] += SEEN * np.maximum(1.0, np.abs(needed[broken]))
        found = _highs(programme, most, needed)
    claimed = -np.inf if first.mip_dual_bound is None else float(first.mip_dual_bound)
    if found.x is None or not obeys(programme, np.round(found.x)):
        return Proposed(None, np.inf, claimed, first.status == IMPOSSIBLE)
    x: Array = np.round(found.x)
    return Proposed(x, float(programme.cost @ x), claimed, False)


def _highs(programme: Programme, most: Array, needed: Array) -> Any:
    with _silent():
        return milp(
            programme.cost,
            constraints=LinearConstraint(programme.rows, needed, np.inf),
            integrality=np.ones(len(most)),
            bounds=Bounds(0, most),
            options={"mip_rel_gap": GAP, "node_limit": MOST_NODES},
        )


@contextmanager
def _silent() -> Iterator[None]:
    """HiGHS prints a line of its own past Python (its issue 2783), which would stand in a document on stdout."""
    sys.stdout.flush()
    kept, nowhere = os.dup(STDOUT), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STDOUT)
        yield
    finally:
        os.dup2(kept, STDOUT)
        os.close(kept)
        os.close(nowhere)
