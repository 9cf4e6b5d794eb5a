"""The straightforward integer programme of a workload, which our answers are measured against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from aigc.plan.mix.demand import Array
from aigc.plan.mix.workload import Workload
from tests.pure.mix.instances import rates_of, throughputs_of, usd_of


@dataclass(frozen=True)
class Solved:
    """What the programme found."""

    usd_per_hour: float
    """Of the whole machines that its own assignment needs."""
    proven: bool
    """False where its time was over first."""


def solve(workload: Workload, seconds: float, whole_slices: bool = True, presolve: bool = True) -> Solved:
    """One binary variable a slice and type, one count a type; or shares of whole buckets in place of the slices.

    HiGHS takes a count of 0.000001 for none, so that it may serve a small bucket with no machine: its answer counts as
    the machines that its assignment needs.
    """
    slices = workload.slice_factor if whole_slices else 1
    rates = np.repeat(rates_of(workload) / slices, slices)
    each = np.repeat(throughputs_of(workload), slices, axis=1)[:, rates > 0]
    rates, usd = rates[rates > 0], usd_of(workload)
    types, parts = np.nonzero(each)
    load = rates[parts] / each[types, parts]
    columns = np.arange(len(types))
    assigned = sparse.csr_array((np.ones(len(types)), (parts, columns)), shape=(len(rates), len(types) + len(usd)))
    busy = sparse.csr_array((load, (types, columns)), shape=(len(usd), len(types)))
    found = milp(
        np.append(np.zeros(len(types)), usd),
        constraints=[
            LinearConstraint(assigned, 1, 1),
            LinearConstraint(sparse.hstack([busy, -sparse.eye_array(len(usd))]), -np.inf, 0),
        ],
        integrality=np.append(np.full(len(types), int(whole_slices)), np.ones(len(usd))),
        bounds=Bounds(0, np.append(np.ones(len(types)), np.full(len(usd), np.inf))),
        options={"mip_rel_gap": 0.0, "time_limit": seconds, "presolve": presolve},
    )
    if found.x is None:
        return Solved(np.inf, proven=False)
    needed = np.bincount(types, load * _assignment(found.x[: len(types)], whole_slices), len(usd))
    return Solved(float(usd @ np.ceil(needed / (1 + 1e-6))), proven=found.status == 0)


def _assignment(solution: Array, whole_slices: bool) -> Array:
    """The solver's shares without its noise."""
    return np.round(solution) if whole_slices else np.where(solution > 1e-9, solution, 0.0)
