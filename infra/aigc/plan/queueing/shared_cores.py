"""A server whose instances share cores, event by event: what Markov chains of a batch queue (0023) leave out.

Instances beyond the cores slow each other down: of `busy` ones each computes at min(1, cores / busy) of its speed
(egalitarian processor sharing, Kleinrock 1967), while batches are formed as Triton does. Arrivals are Poisson, or those
of users who ask again as soon as they are answered: a closed network, of which mean value analysis asks that nobody be
served together with others.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from aigc.plan.queueing.service import Array, ServiceTimes

REQUESTS = 12_000
"""Of a simulation: p99 is then the mean of what its 120 slowest say."""
SETTLED = 0.1
"""Share of the first requests that found an empty server: left out."""
SOON = 1e-12
"""Seconds within which two events are one."""


@dataclass(frozen=True)
class SharedServer:
    """Instances on fewer cores than they could use, which take from one queue."""

    times: ServiceTimes
    """Of an instance that computes while no other does."""
    max_queue_delay_seconds: float = 0.0
    instances: int = 1
    cores: int = 1
    outside_seconds: float = 0.0
    """Of a request on its way there and back, where it takes nothing of the cores."""
    client_seconds: float = 0.0
    """Of a request in the client, which handles one after the other: what is asked at once arrives in a row."""

    def __post_init__(self) -> None:
        if self.instances < 1 or self.cores < 1:
            raise ValueError(f"a server has at least 1 instance and 1 core, not {self.instances} and {self.cores}")
        if min(self.max_queue_delay_seconds, self.outside_seconds, self.client_seconds) < 0:
            raise ValueError("a delay, what is outside and the client's part are 0 or more seconds")


@dataclass(frozen=True)
class Observed:
    """What became of the settled requests."""

    latency_seconds: Array
    ended_at: Array
    """Seconds, ascending."""
    mean_batch: float

    @property
    def requests_per_second(self) -> float:
        """Answers over the time they took; of requests that all end together it is not known."""
        span = float(self.ended_at[-1] - self.ended_at[0])
        return (len(self.ended_at) - 1) / span if span > 0 else float("nan")

    def quantile(self, share: float) -> float:
        """The smallest latency that so many do not exceed, in seconds."""
        return float(np.quantile(self.latency_seconds, share, method="inverted_cdf"))


def opened(server: SharedServer, rate_per_second: float, requests: int = REQUESTS, seed: int = 0) -> Observed:
    """Poisson arrivals, stretched so that the rate is met exactly; ValueError where it is not positive."""
    if not rate_per_second > 0:
        raise ValueError(f"a rate is more than 0 requests a second, not {rate_per_second}")
    gaps = np.random.default_rng(seed).exponential(size=requests)
    arrivals = np.cumsum(gaps) * (requests / rate_per_second / gaps.sum())
    return _Run(server, requests, seed).over(arrivals.tolist(), again=False)


def closed(server: SharedServer, users: int, requests: int = REQUESTS, seed: int = 0) -> Observed:
    """So many users, each of whom asks again when answered; ValueError where there is none."""
    if users < 1:
        raise ValueError(f"a closed loop has at least 1 user, not {users}")
    return _Run(server, max(requests, users), seed).over([0.0] * users, again=True)


def burst_seconds(server: SharedServer, requests: int) -> float:
    """From so many requests at once to the last answer."""
    run = _Run(server, requests, 0)
    run.over([0.0] * requests, again=False)
    return run.now + server.outside_seconds


@dataclass
class _Run:
    server: SharedServer
    requests: int
    """How many may arrive."""
    seed: int
    now: float = 0.0
    computed: float = 0.0
    """Seconds that an instance would have computed that has been busy all along."""
    arriving: list[tuple[float, float]] = field(default_factory=list)
    """When requests reach the server, and when they were asked."""
    waiting: deque[tuple[float, float]] = field(default_factory=deque)
    running: list[tuple[float, int, list[float]]] = field(default_factory=list)
    """Batches by what will have been computed when they end, with a number that parts equals."""
    ends: list[tuple[float, float]] = field(default_factory=list)
    batches: int = 0
    client_free_at: float = 0.0

    def over(self, asked_at: Iterable[float], again: bool) -> Observed:
        """Until every request is answered."""
        for asked in sorted(asked_at):
            self._ask(asked)
        count = len(self.arriving)
        columns = np.random.default_rng(self.seed).choice(
            len(self.server.times.chances), self.requests, p=self.server.times.chances
        )
        seconds, drawn = self.server.times.seconds.tolist(), columns.tolist()
        while self.arriving or self.waiting or self.running:
            self._advance(min(self._next_arrival(), self._next_end(), self._next_start()))
            while self._arrives_now():
                self.waiting.append(heapq.heappop(self.arriving))
            while self.running and self._next_end() <= self.now + SOON:
                for asked in heapq.heappop(self.running)[2]:
                    end = self.now + self.server.outside_seconds
                    self.ends.append((end - asked, end))
                    if again and count < self.requests:
                        self._ask(end)
                        count += 1
            while self._next_start() <= self.now + SOON and not self._arrives_now():
                size = min(len(self.waiting), self.server.times.max_batch)
                took = seconds[size - 1][drawn[self.batches]]
                batch = [self.waiting.popleft()[1] for _ in range(size)]
                heapq.heappush(self.running, (self.computed + took, self.batches, batch))
                self.batches += 1
        return self._observed()

    def _ask(self, asked: float) -> None:
        self.client_free_at = max(self.client_free_at, asked) + self.server.client_seconds
        heapq.heappush(self.arriving, (self.client_free_at, asked))

    def _arrives_now(self) -> bool:
        return self._next_arrival() <= self.now + SOON

    def _speed(self) -> float:
        return min(1.0, self.server.cores / len(self.running))

    def _next_arrival(self) -> float:
        return self.arriving[0][0] if self.arriving else np.inf

    def _next_end(self) -> float:
        return self.now + (self.running[0][0] - self.computed) / self._speed() if self.running else np.inf

    def _next_start(self) -> float:
        if not self.waiting or len(self.running) >= self.server.instances:
            return np.inf
        full = len(self.waiting) >= self.server.times.max_batch
        delay = 0.0 if self.server.times.max_batch == 1 else self.server.max_queue_delay_seconds
        return self.now if full else max(self.now, self.waiting[0][0] + delay)

    def _advance(self, until: float) -> None:
        if self.running:
            self.computed += (until - self.now) * self._speed()
        self.now = until

    def _observed(self) -> Observed:
        settled = self.ends[int(SETTLED * len(self.ends)) :]
        latencies, ended = np.array(settled, np.float64).T
        return Observed(latencies, ended, len(self.ends) / self.batches)
