"""Percentiles of latency under dynamic batching, and the rate up to which an objective holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from aigc.plan.parts import BatchingPlan
from aigc.plan.queueing.chain import Chain, solved
from aigc.plan.queueing.latency import Waits, waits
from aigc.plan.queueing.service import Array, SecondsOfBatch, ServiceTimes

MOST_LOAD = 0.99
"""Of what a server can do with full batches; beyond it nothing is promised."""
RARE_LOAD = 1e-6
"""Up to it every request is taken to be alone."""
SCANNED_LOADS = np.geomspace(0.001, MOST_LOAD, 24)
HALVINGS = 10
"""Of the span between two scanned loads, in search of the largest rate."""
MERGED = 1 / 100
"""Of the shortest batch: waits that differ by less are taken as one."""
ROUNDS = 50
"""Of the mean time of a batch, which follows from itself where there are several instances."""


@dataclass(frozen=True)
class Prediction:
    """One server at one rate, when that rate has lasted."""

    requests_per_second: float
    """Answered: what arrives, or all that it can do, where that is less."""
    p50_seconds: float
    """From arrival to the end of the batch; infinite where more arrives than can be done."""
    p99_seconds: float
    mean_batch: float
    """Requests by batches."""
    utilization: float
    """Share of time in which an instance computes, whatever its batches."""


@dataclass(frozen=True)
class BatchQueue:
    """A server that batches as Triton does, of which all instances take from one queue.

    An instance that is free takes what waits, up to `max_batch` requests, once so many wait or the first of them has
    waited for the delay. Preferred batch sizes, priorities and timeouts are left out.
    """

    seconds_of_batch: SecondsOfBatch | ServiceTimes
    """Of one instance, while all others compute too."""
    max_batch: int
    """1 where requests are not batched, whatever the model could take."""
    max_queue_delay_seconds: float = 0.0
    instances: int = 1
    times: ServiceTimes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.instances < 1:
            raise ValueError(f"a server has at least 1 instance, not {self.instances}")
        if not 0 <= self.max_queue_delay_seconds < math.inf:
            raise ValueError(f"a delay is 0 or more seconds, not {self.max_queue_delay_seconds}")
        given = self.seconds_of_batch
        times = given if isinstance(given, ServiceTimes) else ServiceTimes.certain(given, self.max_batch)
        if times.max_batch != self.max_batch:
            raise ValueError(f"times of batches of up to {times.max_batch}, not {self.max_batch}")
        object.__setattr__(self, "times", times)

    @classmethod
    def planned(cls, seconds_of_batch: SecondsOfBatch | ServiceTimes, batching: BatchingPlan) -> BatchQueue:
        """As the model's config.pbtxt has it: without dynamic batching Triton executes each request alone."""
        most = batching.max_batch_size if batching.dynamic else 1
        return cls(seconds_of_batch, max(1, most), batching.max_queue_delay_us / 1e6, batching.instances)

    @property
    def most_per_second(self) -> float:
        """What it can do with full batches only; at this rate a queue has no bound."""
        return float(self.instances * self.max_batch / self.times.means[-1])

    def predict(self, rate_per_second: float) -> Prediction:
        """Latency and batches at a rate of Poisson arrivals; ValueError where it is negative or not finite."""
        if not 0 <= rate_per_second < math.inf:
            raise ValueError(f"a rate is 0 or more requests a second, not {rate_per_second}")
        if rate_per_second <= RARE_LOAD * self.most_per_second:
            return self._lone(rate_per_second)
        chain = None
        if rate_per_second <= MOST_LOAD * self.most_per_second:
            chain = solved(self.times, rate_per_second, self.max_queue_delay_seconds, self.instances)
        if chain is None:
            return Prediction(
                min(rate_per_second, self.most_per_second), math.inf, math.inf, float(self.max_batch), 1.0
            )
        return self._waiting(chain)

    def largest_rate(self, p99_seconds: float) -> float:
        """The largest rate at which, and at every lower one, 99% of requests take no longer; 0 where none is.

        Lower ones count, since a delay is waited out in full where few requests arrive. A looser objective never has
        a lower rate. ValueError where the objective is no time.
        """
        if not p99_seconds > 0:
            raise ValueError(f"an objective is more than 0 seconds, not {p99_seconds}")
        if self.predict(0.0).p99_seconds > p99_seconds:
            return 0.0
        holds = 0.0
        for load in SCANNED_LOADS:
            fails = float(load * self.most_per_second)
            if self.predict(fails).p99_seconds > p99_seconds:
                break
            holds = fails
        else:
            return holds
        for _ in range(HALVINGS):
            middle = (holds + fails) / 2
            if self.predict(middle).p99_seconds <= p99_seconds:
                holds = middle
            else:
                fails = middle
        return holds

    def _lone(self, rate: float) -> Prediction:
        """Requests so rare that none meets another."""
        delay = self.max_queue_delay_seconds if self.max_batch > 1 else 0.0
        p50, p99 = _quantiles(self.times.seconds[0], self.times.chances, (0.5, 0.99))
        return Prediction(rate, delay + p50, delay + p99, 1.0, rate * float(self.times.means[0]) / self.instances)

    def _waiting(self, chain: Chain) -> Prediction:
        rate = chain.window.rate
        spells, seconds = self._spells(chain)
        waited, counts = _merged(list(waits(chain, self.instances, spells)), self.times)
        latencies = (waited[:, None, None] + self.times.seconds).ravel()
        weights = (counts[:, :, None] * self.times.chances).ravel()
        p50, p99 = _quantiles(latencies, weights, (0.5, 0.99))
        extra = chain.idle * (spells - 1)
        sizes = np.arange(1.0, self.max_batch + 1)
        batch = float((chain.sizes + extra * chain.window.sizes) @ sizes / (1 + extra))
        return Prediction(rate, p50, p99, batch, min(1.0, rate / batch * seconds / self.instances))

    def _spells(self, chain: Chain) -> tuple[float, float]:
        """How many batches start on a free instance before all are busy, and the mean seconds of a batch.

        Busy instances but for the last one rise by a batch at a time and fall by completions, in the manner of
        Erlang's formula, which asks for the mean time of a batch alone.
        """
        starts = 1 / (1 / chain.window.rate + chain.window.mean_seconds)
        means = self.times.means
        free_seconds = float(chain.window.sizes @ means)
        mean_seconds, spells = float(chain.sizes @ means), 1.0
        for _ in range(ROUNDS):
            spells, share = 1.0, 1.0
            for busy in range(self.instances - 1, 0, -1):
                share *= busy / (mean_seconds * starts)
                spells += share
            extra = chain.idle * (spells - 1)
            mean_seconds = (float(chain.sizes @ means) + extra * free_seconds) / (1 + extra)
        return spells, mean_seconds


def _merged(parts: Sequence[Waits], times: ServiceTimes) -> tuple[Array, Array]:
    """All waits with their counts by size; those that hardly differ as one, where each has many times to go with it."""
    waited = np.concatenate([part.seconds for part in parts])
    counts = np.concatenate([part.counts for part in parts])
    if len(times.chances) == 1:
        return waited, counts
    width = float(times.seconds.min()) * MERGED
    merged, places = np.unique(np.round(waited / width), return_inverse=True)
    totals = np.zeros((len(merged), counts.shape[1]))
    np.add.at(totals, places, counts)
    return merged * width, totals


def _quantiles(values: Array, weights: Array, shares: Sequence[float]) -> list[float]:
    """For each share the smallest value that so much of the weight does not exceed."""
    some = weights > 0
    values, weights = values[some], weights[some]
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    # The factor keeps a sum that was rounded down from asking for the next value.
    places = np.searchsorted(reached, np.array(shares) * reached[-1] * (1 - 1e-12))
    return [float(value) for value in values[order][places]]
