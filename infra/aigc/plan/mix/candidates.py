"""Lists all counts of machines below a cost that the known cuts allow, where they are few enough to list."""

from __future__ import annotations

import numpy as np

from aigc.plan.mix.cuts import Cuts
from aigc.plan.mix.demand import Array

MOST = 3000
"""Partial counts kept at once; with more, parting the box is faster."""
MOST_EXPANDED = 20 * MOST


def candidates(cuts: Cuts, low: Array, high: Array, below_usd: float) -> Array | None:
    """Counts (rows) from `low` to `high` that cost less than so much an hour and obey every cut, cheapest first.

    Counts are made type by type. The machines of the types that are still to come must bring what a cut then lacks, and
    cost at least that times the least price of a unit of its weight. None: there are too many.
    """
    usd = cuts.demand.usd_per_hour
    room = high - low
    order = np.lexsort((-usd, room))
    unit_usd = _least_unit_usd(cuts.weights[:, order], usd[order], room[order])
    counts: Array = np.zeros((1, 0))
    cost, lacking = np.array([usd @ low]), (cuts.needed - cuts.weights @ low)[None, :]
    for depth, at in enumerate(order):
        most = np.minimum(room[at], np.floor((below_usd - cost) / usd[at])).astype(np.int64) + 1
        if most.sum() > MOST_EXPANDED:
            return None
        row = np.repeat(np.arange(len(most)), most)
        more = (np.arange(len(row)) - np.repeat(np.cumsum(most) - most, most)).astype(np.float64)
        cost, lacking = cost[row] + more * usd[at], lacking[row] - np.outer(more, cuts.weights[:, at])
        counts = np.column_stack([counts[row], more])
        with np.errstate(invalid="ignore"):
            to_come = np.where(lacking > 0, lacking * unit_usd[:, depth], 0.0).max(axis=1)
        kept = cost + to_come < below_usd
        cost, lacking, counts = cost[kept], lacking[kept], counts[kept]
        if len(cost) > MOST:
            return None
    ordered = np.empty_like(counts)
    ordered[:, order] = counts
    return np.asarray((ordered + low)[np.argsort(cost, kind="stable")])


def _least_unit_usd(weights: Array, usd: Array, room: Array) -> Array:
    """By cut and depth: the least $ an hour that a unit of weight costs from the types after that depth."""
    unit = np.divide(usd, weights, out=np.full(weights.shape, np.inf), where=(weights > 0) & (room > 0))
    after = np.minimum.accumulate(unit[:, ::-1], axis=1)[:, ::-1]
    return np.column_stack([after[:, 1:], np.full(len(weights), np.inf)])
