"""Intervals for what a bench compares: blocks of time, or single samples, drawn again with replacement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

DRAWS = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A value and the 95% interval around it."""

    value: float
    low: float
    high: float

    def rounded(self, digits: int) -> dict[str, float]:
        """As it is written into a result."""
        return {"value": round(self.value, digits), "low": round(self.low, digits), "high": round(self.high, digits)}


def ratio_of_means(above: Sequence[float], below: Sequence[float], seed: int) -> Interval:
    """Mean of one over mean of the other; each value stands for a block of time, so that queued answers stay together.

    Raises:
        ValueError: one of them is empty.
    """
    return _ratio(above, below, np.mean, seed)


def ratio_of_medians(above: Sequence[float], below: Sequence[float], seed: int) -> Interval:
    """Median of one over median of the other, the samples of either drawn apart.

    Raises:
        ValueError: one of them is empty.
    """
    return _ratio(above, below, np.median, seed)


def _ratio(above: Sequence[float], below: Sequence[float], middle: Callable[..., Any], seed: int) -> Interval:
    one, other = np.array(above, np.float64), np.array(below, np.float64)
    if not len(one) or not len(other):
        raise ValueError("a ratio needs samples of both")
    random = np.random.default_rng(seed)
    drawn = middle(_drawn(one, random), axis=1) / np.maximum(middle(_drawn(other, random), axis=1), 1e-9)
    return _interval(float(middle(one) / middle(other)), drawn)


def difference_of_medians(later: Sequence[float], earlier: Sequence[float], seed: int) -> Interval:
    """Median of one less that of the other, sampled in turn: drawn in pairs, for what disturbs comes to both."""
    pairs = np.array([later, earlier], np.float64)
    picks = np.random.default_rng(seed).integers(0, pairs.shape[1], (DRAWS, pairs.shape[1]))
    drawn = np.median(pairs[0][picks], axis=1) - np.median(pairs[1][picks], axis=1)
    return _interval(float(np.median(pairs[0]) - np.median(pairs[1])), drawn)


def _drawn(values: Array, random: np.random.Generator) -> Array:
    return values[random.integers(0, len(values), (DRAWS, len(values)))]


def _interval(value: float, drawn: Array) -> Interval:
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high))
