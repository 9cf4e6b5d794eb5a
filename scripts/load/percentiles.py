"""Percentiles with what is known about them: exact order statistics and distribution-free confidence intervals.

The q-quantile of n samples is the smallest one that at least a share q of them does not exceed. Its 95% interval goes
from the l-th to the u-th smallest sample, where a binomial count of n trials with chance q leaves at most 2.5% outside
on either side. This assumes independent samples; of answers that queued behind each other it is too narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)
TAIL = 0.025
"""Either side of a 95% interval."""


@dataclass(frozen=True)
class Percentile:
    """One percentile of latency; without values when there are too few samples for an upper bound."""

    quantile: float
    value_ms: float | None
    low_ms: float | None
    high_ms: float | None
    why_missing: str = ""

    @property
    def name(self) -> str:
        """As the field writes it: p50, p99, p99.9."""
        return percentile_name(self.quantile)


def percentile_name(quantile: float) -> str:
    """As the field writes it: p50, p99, p99.9."""
    return f"p{quantile * 100:g}"


def fewest_samples(quantile: float) -> int:
    """From so many samples on a percentile is shown: its 95% interval has an upper end among them (p50: 6, p99: 368).

    With fewer, more than 2.5% of all runs would have every sample below the true percentile.
    """
    farther = max(quantile, 1 - quantile)
    return math.ceil(math.log(TAIL) / math.log(farther))


def order_statistic(ascending: Array, quantile: float) -> float:
    """The q-quantile of sorted samples; needs at least one."""
    # The subtraction keeps 0.9 x 10 = 9.000000000000002 or so from becoming rank 10.
    rank = math.ceil(quantile * len(ascending) - 1e-9)
    return float(ascending[max(rank, 1) - 1])


def interval_ranks(count: int, quantile: float) -> tuple[int, int]:
    """Ranks, counted from 1, of the ends of the 95% interval; needs `fewest_samples`."""
    cumulative = binomial_cumulative(count, quantile)
    low = int(np.searchsorted(cumulative, TAIL, side="right"))
    high = int(np.searchsorted(cumulative, 1 - TAIL, side="left")) + 1
    return max(low, 1), min(high, count)


def binomial_cumulative(count: int, chance: float) -> Array:
    """P(at most k of `count` trials) for k = 0 .. count."""
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, count + 1)))])
    k = np.arange(count + 1)
    log_choose = log_factorial[count] - log_factorial[k] - log_factorial[count - k]
    cumulative: Array = np.cumsum(np.exp(log_choose + k * math.log(chance) + (count - k) * math.log1p(-chance)))
    return cumulative


def percentile(ascending_ms: Array, quantile: float) -> Percentile:
    """One percentile of sorted latencies, with its 95% interval."""
    count, needed = len(ascending_ms), fewest_samples(quantile)
    if count < needed:
        return Percentile(quantile, None, None, None, f"needs {needed} answers, {count} measured")
    low, high = interval_ranks(count, quantile)
    value = order_statistic(ascending_ms, quantile)
    return Percentile(quantile, value, float(ascending_ms[low - 1]), float(ascending_ms[high - 1]))
