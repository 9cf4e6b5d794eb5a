"""The linear programmes behind a mix: how to route over given machines, and what machines cost if they could be parted.

HiGHS only proposes: routes are measured and bounds computed here from what it says, in plain arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from aigc.plan.mix.demand import Array, Demand

_EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
"""The least that HiGHS takes."""


@dataclass(frozen=True)
class Routes:
    """How buckets are parted between the types, as evenly as can be."""

    shares: Array
    """Types x buckets; each bucket's are 1 in sum."""
    fullest: float
    """Utilisation of the type that has most to do."""
    paid: Array
    """By bucket, at the prices that prove that no routing leaves the fullest type less full."""


@dataclass(frozen=True)
class Relaxation:
    """The cheapest machines within bounds, if fractions of a machine could be had."""

    counts: Array
    paid: Array
    """By bucket, at the prices that prove it."""


def even_routes(demand: Demand, counts: Array) -> Routes:
    """The routing over so many machines that makes the fullest type least full.

    Raises:
        RuntimeError: the solver failed; the counts have a machine for every bucket, so that there is an answer.
    """
    used = counts > 0
    some, machines = demand.of(used), counts[used]
    if some.types == 1 and some.serves.all():
        paid = some.load[0] / machines[0]
        return Routes(np.where(used[:, None], 1.0, 0.0) * np.ones(demand.buckets), float(paid.sum()), paid)
    found = _solve(some, sparse.csr_array(machines[:, None]), np.ones(1), np.zeros(1), np.full(1, np.inf))
    if found.x is None:
        raise RuntimeError(f"HiGHS found no routing: {found.message}")
    shares = np.zeros_like(demand.load)
    shares[used] = _shares(some, found.x)
    fullest = float((demand.routed(shares)[used] / machines).max())
    return Routes(shares, fullest, np.maximum(found.eqlin.marginals, 0.0))


def relaxation(demand: Demand, low: Array, high: Array) -> Relaxation | None:
    """The relaxed optimum with counts from `low` to `high`; None: within them, nothing serves the traffic."""
    found = _solve(demand, sparse.eye_array(demand.types, format="csr"), demand.usd_per_hour, low, high)
    if found.x is None:
        return None
    return Relaxation(found.x[-demand.types :], np.maximum(found.eqlin.marginals, 0.0))


def _solve(demand: Demand, capacity: sparse.csr_array, cost: Array, low: Array, high: Array) -> Any:
    """Minimise the cost of variables that give `capacity`, with one variable a bucket and type that can serve it."""
    types, buckets = np.nonzero(demand.serves)
    columns = np.arange(len(types))
    busy = sparse.csr_array((demand.load[types, buckets], (types, columns)), shape=(demand.types, len(types)))
    whole = sparse.csr_array((np.ones(len(types)), (buckets, columns)), shape=(demand.buckets, len(types) + len(cost)))
    bounds = np.vstack([np.tile([0.0, np.inf], (len(types), 1)), np.column_stack([low, high])])
    return linprog(
        np.append(np.zeros(len(types)), cost),
        A_ub=sparse.hstack([busy, -capacity], format="csr"),
        b_ub=np.zeros(demand.types),
        A_eq=whole,
        b_eq=np.ones(demand.buckets),
        bounds=bounds,
        method="highs-ds",
        options=_EXACT,
    )


def _shares(demand: Demand, solution: Array) -> Array:
    shares = np.zeros_like(demand.load)
    shares[np.nonzero(demand.serves)] = np.maximum(solution[:-1], 0.0)
    return np.asarray(shares / shares.sum(axis=0))
