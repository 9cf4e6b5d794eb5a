"""What the queue predicts of an answer: how long its requests take, and how many a replica has at once."""

from __future__ import annotations

from dataclasses import dataclass

from aigc.plan.fleet.answer import PlacedReplicas
from aigc.plan.fleet.batch_times import MS_A_SECOND
from aigc.plan.queueing.batch_queue import BatchQueue


@dataclass(frozen=True)
class PredictedLatency:
    """Of requests, each as long as the longest of its replica's classes, while what may break is broken."""

    p50_ms: float
    p99_ms: float
    in_flight: float
    """Requests that a replica has at once, waiting or computed, if it serves all that it can within the objective."""


def predicted_latency(one: PlacedReplicas) -> PredictedLatency:
    """By the queue that also said what a replica serves: one instance, which takes whatever waits once it is free."""
    queue = BatchQueue([ms / MS_A_SECOND for ms in one.batch_ms], one.max_batch)
    now = queue.predict(min(one.utilisation, 1.0) * one.requests_per_second)
    most = queue.predict(one.requests_per_second)
    # Little's law, with the median in place of the mean: a tail must not make an autoscaler wait for it.
    in_flight = one.requests_per_second * most.p50_seconds
    return PredictedLatency(now.p50_seconds * MS_A_SECOND, now.p99_seconds * MS_A_SECOND, in_flight)
