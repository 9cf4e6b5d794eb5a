"""Requests that differ: a batch takes as long as the longest of them would in a batch of its like.

So its time is the largest of as many draws as it has requests, and the larger the batch, the likelier a long one. That
is the largest of independent draws, whose distribution is the single one's to the power of the size; nothing is lost
but what lies within a band of it. It is too much where a short request costs its batch less than a long one, for
instance in arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aigc.plan.queueing.service import Array, ServiceTimes

BANDS = np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1])
"""Shares of batches by ascending time, each with its mean; narrow where p99 is decided."""
DRAWS = 64
"""Of a band, equally spaced."""


def times_of_mix(seconds_of: Callable[[int, int], float], shares: Sequence[float], max_batch: int) -> ServiceTimes:
    """The times of batches of requests of several kinds, drawn independently.

    Args:
        seconds_of: Of a batch of so many requests, all of the kind with that number, from 0.
        shares: Of the requests, by kind; in sum 1.
        max_batch: The largest batch.

    Raises:
        ValueError: Shares are none, or no shares; or times are not positive, or a larger batch takes less.
    """
    if not shares or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError(f"shares of kinds are 0 or more and in sum 1, not {list(shares)}")
    kinds = range(len(shares))
    seconds = [np.array([seconds_of(size, kind) for kind in kinds]) for size in range(1, max_batch + 1)]
    rows = [_banded(of_kinds, shares, size) for size, of_kinds in enumerate(seconds, start=1)]
    return ServiceTimes.of(np.array(rows), np.diff(BANDS))


def _banded(seconds: Array, shares: Sequence[float], size: int) -> Array:
    """Mean time of each band of batches of a size."""
    order = np.argsort(seconds)
    within = np.cumsum(np.array(shares)[order])
    places = BANDS[:-1, None] + np.diff(BANDS)[:, None] * (np.arange(DRAWS) + 0.5) / DRAWS
    longest = np.searchsorted(within, places ** (1 / size) * within[-1]).clip(max=len(order) - 1)
    means: Array = seconds[order][longest].mean(axis=1)
    return means
