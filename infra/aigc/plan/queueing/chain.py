"""The embedded Markov chain of batches: how large the next one is, and how many it leaves waiting.

Times are looked at when a batch starts: it has `b` requests, and `r` stay behind, some only where it is full. The next
one cannot start before `g` seconds have passed; what arrives meanwhile is Poisson, and with `r` it decides how the next
batch starts. So (b, r) is a Markov chain, as in Neuts' bulk queues (Ann. Math. Statist. 38, 1967) and, with times that
depend on the batch, in Inoue (arXiv 1912.06322). Added to it is the delay of Triton's batcher, which is a window: it
opens with the first request that finds no other waiting, and unless the batch is full before, it starts when the window
closes or, later, an instance is free. All transitions are sums of Poisson terms.

With one instance `g` is the time of the batch, and the chain is exact but for NEGLIGIBLE, and for those left behind by
a full batch that takes less than the delay: they are held to have waited it out. With several instances `g` is that
time by their number, as if batches started evenly; `latency.py` has what is done about it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import toeplitz
from scipy.optimize import brentq
from scipy.special import gammaln, pdtrc, xlogy

from aigc.plan.queueing.service import Array, ServiceTimes

NEGLIGIBLE = 1e-7
"""Chance of more requests left behind than the chain has states for."""
MOST_LEFT = 2000
"""Left behind by a full batch; a queue that needs more states counts as overloaded."""


def poisson(counts: Array, mean: Array | float) -> Array:
    """Chances of the counts, 0 for negative ones; both arguments are broadcast."""
    known = np.maximum(counts, 0)
    chances: Array = np.where(counts < 0, 0.0, np.exp(xlogy(known, mean) - mean - gammaln(known + 1)))
    return chances


@dataclass(frozen=True)
class Window:
    """What a delay gathers: a batch that opens with one request, if no instance has to be waited for."""

    rate: float
    seconds: float
    max_batch: int

    @property
    def sizes(self) -> Array:
        """Chance of 1, 2, ... requests when it closes, the last entry of a full batch."""
        short = poisson(np.arange(self.max_batch - 1.0), self.rate * self.seconds)
        return np.append(short, max(0.0, 1 - short.sum()))

    @property
    def mean_seconds(self) -> float:
        """How long it is open."""
        return float(pdtrc(np.arange(self.max_batch - 1.0), self.rate * self.seconds).sum() / self.rate)


@dataclass(frozen=True)
class Chain:
    """The chain of one rate, with its stationary chances."""

    times: ServiceTimes
    gaps: Array
    """Seconds until the next batch can start, in the form of the service times."""
    window: Window
    started: Array
    """Chance that a batch has size 1, 2, ... and leaves nobody behind."""
    left: Array
    """Chance that it is full and leaves 1, 2, ... behind."""

    @property
    def sizes(self) -> Array:
        """Chance of each size, beginning with 1."""
        total = self.started.copy()
        total[-1] += self.left.sum()
        return total

    @property
    def idle(self) -> float:
        """Chance that nobody waits when the next batch could start."""
        return float(self.started @ np.exp(-self.window.rate * self.gaps) @ self.times.chances)


def solved(times: ServiceTimes, rate: float, delay_seconds: float, instances: int) -> Chain | None:
    """The chain at a rate, or None where the queue would be too long for it."""
    gaps = times.seconds / instances
    most = _most_left(gaps[-1], times.chances, rate, times.max_batch)
    if most is None:
        return None
    window = Window(rate, delay_seconds if times.max_batch > 1 else 0.0, times.max_batch)
    size = times.max_batch + most
    moves = np.zeros((size, size))
    for column, chance in enumerate(times.chances):
        for batch, gap in enumerate(gaps[:, column]):
            moves[batch] += chance * _after_all_taken(window, gap, most)
    moves[times.max_batch :] = _after_some_left(window, gaps[-1], times.chances, most)
    stationary = _stationary(moves)
    return Chain(times, gaps, window, stationary[: times.max_batch], stationary[times.max_batch :])


def _most_left(gaps: Array, chances: Array, rate: float, max_batch: int) -> int | None:
    """States for requests left behind: their chances fall by 1/z each, where z^max_batch is the arrivals' transform."""
    if rate * float(gaps @ chances) >= max_batch:
        return None

    def excess(z: float) -> float:
        return math.log(float(np.exp(rate * (gaps - gaps.max()) * (z - 1)) @ chances)) + (
            rate * float(gaps.max()) * (z - 1) - max_batch * math.log(z)
        )

    nearest = math.exp(-math.log(NEGLIGIBLE) / MOST_LEFT)
    if excess(nearest) > 0:
        return None
    farthest = 2.0
    while excess(farthest) < 0:
        farthest *= 2
    z = brentq(excess, nearest, farthest)
    return math.ceil(-math.log(NEGLIGIBLE) / math.log(z)) + 1


def _after_all_taken(window: Window, gap: float, most: int) -> Array:
    """Where the chain goes from a batch that left nobody behind."""
    full = window.max_batch
    arrived = poisson(np.arange(full + most + 1.0), window.rate * gap)
    short = np.arange(1.0, full)
    inside = min(window.seconds, gap)
    # The first arrival comes so late, or so long after, that its window is still open when the next batch could start.
    opens_late = math.exp(-window.rate * (gap - inside))
    closed = arrived[1:full] - opens_late * poisson(short, window.rate * inside)
    row = np.zeros(full + most)
    row[: full - 1] = np.maximum(closed, 0) + opens_late * window.sizes[:-1]
    row[full:] = arrived[full + 1 :]
    row[full - 1] = max(0.0, 1 - row.sum())
    return row


def _after_some_left(window: Window, gaps: Array, chances: Array, most: int) -> Array:
    """Where the chain goes from full batches: those left are held to have waited out their delay by the next."""
    arrived: Array = chances @ poisson(np.arange(float(window.max_batch + most)), window.rate * gaps[:, None])
    rows: Array = toeplitz(np.append(arrived[0], np.zeros(most - 1)), arrived)
    rows[:, -1] += 1 - rows.sum(axis=1)
    return rows


def _stationary(moves: Array) -> Array:
    equations = moves.T - np.eye(len(moves))
    equations[-1] = 1
    right = np.zeros(len(moves))
    right[-1] = 1
    found = np.maximum(np.linalg.solve(equations, right), 0)
    scaled: Array = found / found.sum()
    return scaled
