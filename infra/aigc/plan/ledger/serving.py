"""Real Triton on a CPU: what times of batches, and nothing else of what was measured, say of each load."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from statistics import mean

import numpy as np

from aigc.catalog.accelerators import CPU, Accelerator
from aigc.config.stacks import MODEL_REPOSITORY
from aigc.plan.cost_model.estimate import estimate
from aigc.plan.cost_model.profiles import Profile
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.served_work import ServedWork, served_work
from aigc.plan.ledger.serving_file import Burst, Load, Loop, ServedModel, ServingFile
from aigc.plan.queueing.batch_queue import BatchQueue
from aigc.plan.queueing.service import ServiceTimes
from aigc.plan.queueing.shared_cores import SharedServer, burst_seconds, closed, opened
from aigc.plan.repository import companions, read_model

QUANTILES = np.arange(0.005, 1, 0.01)
"""Of how far repetitions of a batch are from their mean, each as likely as any other."""


class Way(StrEnum):
    """How a load was predicted."""

    SIMULATION = "simulation"
    """Event by event, instances sharing the cores."""
    QUEUEING = "queueing"
    """By the batch queue (0023), with as many instances as there are cores: the others only share them."""


STEADY = 0.98
"""Of what arrives: a simulation that answers less has a queue that grows for as long as it lasts."""


@dataclass(frozen=True)
class Expected:
    """Of a server under a load."""

    requests_per_second: float
    p50_ms: float
    """Infinite, as p99 is, where more arrives than can be done."""
    p99_ms: float
    mean_batch: float


@dataclass(frozen=True)
class Served:
    """A load that was measured, and one prediction of it."""

    model: str
    cpu: str
    way: Way
    load: Load
    expected: Expected | Rejection

    def error(self, quantity: str) -> float | None:
        """As a share of what was measured, above 0 where too much was predicted; None without a prediction."""
        if isinstance(self.expected, Rejection):
            return None
        return float(getattr(self.expected, quantity) / getattr(self.load, quantity) - 1)


@dataclass(frozen=True)
class ServedBurst:
    """Requests at once, and what the simulation says of them."""

    model: str
    cpu: str
    burst: Burst
    expected_ms: float | Rejection

    @property
    def error(self) -> float | None:
        """As a share of what was measured."""
        return None if isinstance(self.expected_ms, Rejection) else self.expected_ms / self.burst.ms - 1


def served_loads(file: ServingFile) -> Iterator[Served]:
    """Each load of each model; an open one in both ways."""
    for one in file.models:
        times = times_of(one, file.cpu)
        for load in one.loads:
            for way in Way if load.rate else (Way.SIMULATION,):
                if isinstance(times, Rejection):
                    yield Served(one.model, file.cpu, way, load, times)
                else:
                    yield Served(one.model, file.cpu, way, load, expected(one, times, load, way, file.server_cores))


def served_bursts(file: ServingFile) -> Iterator[ServedBurst]:
    """Those that do not fit one batch: what does is what predictions are made of."""
    for one in file.models:
        times = times_of(one, file.cpu)
        for burst in one.bursts:
            if burst.requests <= most_together(one):
                continue
            if isinstance(times, Rejection):
                yield ServedBurst(one.model, file.cpu, burst, times)
            else:
                seconds = burst_seconds(_shared(one, times, file.server_cores), burst.requests)
                yield ServedBurst(one.model, file.cpu, burst, 1000 * seconds)


def most_together(one: ServedModel) -> int:
    """Requests that Triton may put into one batch."""
    return max(1, one.batching.max_batch_size) if one.batching.dynamic else 1


def times_of(one: ServedModel, cpu: str, repository: Path = MODEL_REPOSITORY) -> ServiceTimes | Rejection:
    """Of batches of a busy server by the cost model, varying as those of an idle one do; or why there are none."""
    served = _work(one.model, repository)
    profiles = [_profile(one, batch.batch, batch.busy_ms) for batch in one.batches]
    ms = []
    for size in range(1, most_together(one) + 1):
        found = estimate(served, unknown_peaks(cpu), one.request, size, profiles)
        if isinstance(found, Rejection):
            return found
        ms.append(found.latency_ms)
    # A larger batch cannot be quicker; where noise says so it takes what the smaller one does.
    seconds = np.maximum.accumulate(np.array(ms)) / 1000
    deviations = np.concatenate([np.array(batch.ms) / mean(batch.ms) for batch in one.batches])
    factors = np.quantile(deviations, QUANTILES, method="inverted_cdf")
    factors /= factors.mean()
    return ServiceTimes.of(seconds[:, None] * factors, np.full(len(factors), 1 / len(factors)))


def unknown_peaks(cpu: str) -> Accelerator:
    """A CPU as the cost model sees it: nobody states its peaks, and none is guessed."""
    return Accelerator(
        accelerator=cpu,
        accelerator_id=CPU,
        memory_gb=None,
        memory_bandwidth_gb_s=None,
        fp16_bf16_dense_tflops=None,
        int8_dense_tops=None,
        fp8_dense_tflops=None,
        tdp_w=None,
        source=(),
    )


def _work(name: str, repository: Path) -> ServedWork:
    model, _ = read_model(repository, name)
    if model is None:
        return ServedWork(name, Rejection(f"the repository has no sound model {name}"))
    return served_work(companions(repository, model)[0])


def _profile(one: ServedModel, batch: int, latency_ms: float) -> Profile:
    return Profile(
        model=one.model,
        accelerator_id=CPU,
        request=one.request,
        batch=batch,
        latency_ms=latency_ms,
        requests_per_second=1000 * batch / latency_ms,
    )


def _shared(one: ServedModel, times: ServiceTimes, cores: int) -> SharedServer:
    delay_seconds = one.batching.max_queue_delay_us / 1e6
    outside_seconds, client_seconds = one.outside_ms / 1000, one.client_ms / 1000
    return SharedServer(times, delay_seconds, one.batching.instances, cores, outside_seconds, client_seconds)


def expected(one: ServedModel, times: ServiceTimes, load: Loop, way: Way, cores: int) -> Expected:
    """Of a load that need not have been measured, on a server with so many cores."""
    if way is Way.QUEUEING and load.rate is not None:
        instances = min(cores, one.batching.instances)
        queue = BatchQueue(times, times.max_batch, one.batching.max_queue_delay_us / 1e6, instances)
        found = queue.predict(load.rate)
        beside_ms = one.outside_ms + one.client_ms
        p50_ms, p99_ms = (1000 * seconds + beside_ms for seconds in (found.p50_seconds, found.p99_seconds))
        return Expected(found.requests_per_second, p50_ms, p99_ms, found.mean_batch)
    server = _shared(one, times, cores)
    seen = opened(server, load.rate) if load.rate else closed(server, load.concurrency or 1)
    p50_ms, p99_ms = (1000 * seen.quantile(share) for share in (0.5, 0.99))
    if load.rate and seen.requests_per_second < STEADY * load.rate:
        p50_ms = p99_ms = math.inf
    return Expected(seen.requests_per_second, p50_ms, p99_ms, seen.mean_batch)
