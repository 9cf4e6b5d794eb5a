"""Triton's batcher event by event, for any arrivals: what predictions are held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heapreplace

import numpy as np

from aigc.plan.queueing.batch_queue import BatchQueue, Prediction
from aigc.plan.queueing.service import Array, ServiceTimes

SecondsOf = Callable[[int, int], float]
"""Of the batch that has the requests from the first number up to, without it, the second."""


@dataclass(frozen=True)
class Simulated:
    """What became of the requests of a simulation."""

    latency_seconds: Array
    """By request, in the order of arrival."""
    batches: int
    utilization: float

    @property
    def mean_batch(self) -> float:
        return len(self.latency_seconds) / self.batches

    def quantile(self, share: float) -> float:
        return float(np.quantile(self.settled, share, method="inverted_cdf"))

    def agrees(self, predicted: Prediction, within: float) -> bool:
        """Whether p50 and p99 are right but for a factor, in shares of requests.

        Where the distribution has a gap, as after a lone batch, a percentile may lie anywhere in it.
        """
        return all(
            np.mean(self.settled <= seconds * (1 + within)) >= share - slack
            and np.mean(self.settled <= seconds / (1 + within)) <= share + slack
            for share, slack, seconds in ((0.5, 0.04, predicted.p50_seconds), (0.99, 0.006, predicted.p99_seconds))
        )

    @property
    def settled(self) -> Array:
        """Without the first tenth, which found an empty server."""
        return self.latency_seconds[len(self.latency_seconds) // 10 :]


def simulated(queue: BatchQueue, arrivals: Array, seconds_of: SecondsOf | None = None) -> Simulated:
    """Serve requests that arrive at these seconds; without `seconds_of`, times of batches are drawn from the queue's.

    A batch starts when an instance is free and it is full or its first request has waited for the delay; it takes all
    that wait then, up to its limit.
    """
    took = seconds_of or drawn(queue.times, len(arrivals))
    at = arrivals.tolist()
    delay = queue.max_queue_delay_seconds if queue.max_batch > 1 else 0.0
    free = [0.0] * queue.instances
    ends = np.zeros(len(at))
    first, batches, busy = 0, 0, 0.0
    while first < len(at):
        limit = first + queue.max_batch
        ready = at[first] + delay
        if limit <= len(at):
            ready = min(ready, at[limit - 1])
        start = max(ready, free[0])
        last = first + 1
        while last < min(limit, len(at)) and at[last] <= start:
            last += 1
        seconds = took(first, last)
        heapreplace(free, start + seconds)
        ends[first:last] = start + seconds
        first, batches, busy = last, batches + 1, busy + seconds
    return Simulated(ends - arrivals, batches, busy / queue.instances / max(free))


def drawn(times: ServiceTimes, count: int) -> SecondsOf:
    """Times of batches by chance, the same in every run; at most `count` batches."""
    seconds = times.seconds.tolist()
    columns = np.random.default_rng(0).choice(len(times.chances), count, p=times.chances).tolist()
    return lambda first, last: float(seconds[last - first - 1][columns[first]])


def poisson_arrivals(rate_per_second: float, count: int, seed: int) -> Array:
    """Seconds of arrival, stretched so that the rate is met exactly: else a busy server would see another load."""
    return stretched(np.cumsum(np.random.default_rng(seed).exponential(size=count)), rate_per_second)


def bursty_arrivals(rate_per_second: float, count: int, seed: int, times_as_many: float, spell_seconds: float) -> Array:
    """Spells with so many times as many arrivals as those between, equally long on average (switched Poisson)."""
    generator = np.random.default_rng(seed)
    calm = 2 * rate_per_second / (1 + times_as_many)
    spells = generator.exponential(spell_seconds, 2 * (1 + int(count / rate_per_second / spell_seconds)))
    starts = np.concatenate([np.zeros(1), np.cumsum(spells)[:-1]])
    numbers = generator.poisson(spells * np.where(np.arange(len(spells)) % 2, calm, calm * times_as_many))
    seconds = np.repeat(starts, numbers) + generator.random(numbers.sum()) * np.repeat(spells, numbers)
    return stretched(np.sort(seconds)[:count], rate_per_second)


def stretched(seconds: Array, rate_per_second: float) -> Array:
    found: Array = seconds * (len(seconds) / rate_per_second / seconds[-1])
    return found
