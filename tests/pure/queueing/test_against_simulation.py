"""The prediction against Triton's batcher event by event: one instance closely, several roughly, bursts not at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc.plan.queueing.batch_queue import BatchQueue
from aigc.plan.queueing.chain import solved
from aigc.plan.queueing.latency import waits
from tests.pure.queueing.simulation import bursty_arrivals, poisson_arrivals, simulated

EXAMPLES = settings(max_examples=12, deadline=None)
REQUESTS = 30_000
SEEDS = st.integers(0, 2**32 - 1)
LOADS = st.floats(0.1, 0.7)
"""Above, a simulation of so many requests does not know its own p99."""


@st.composite
def queues(draw: st.DrawFn, instances: int) -> BatchQueue:
    max_batch = draw(st.sampled_from([1, 2, 4, 8, 32, 64]))
    more = draw(st.sampled_from([0.0, 0.0005, 0.002]))
    return BatchQueue(lambda size: 0.01 + more * (size - 1), max_batch, draw(st.floats(0, 0.02)), instances)


@EXAMPLES
@given(queues(instances=1), LOADS, SEEDS)
def test_one_instance_is_as_simulated(queue: BatchQueue, load: float, seed: int) -> None:
    rate = load * queue.most_per_second
    found = simulated(queue, poisson_arrivals(rate, REQUESTS, seed))
    predicted = queue.predict(rate)
    assert found.agrees(predicted, within=0.05)
    assert predicted.mean_batch == pytest.approx(found.mean_batch, rel=0.05)
    assert predicted.utilization == pytest.approx(found.utilization, rel=0.05)


@EXAMPLES
@given(st.integers(2, 4).flatmap(queues), LOADS, SEEDS)
def test_several_instances_are_roughly_as_simulated(queue: BatchQueue, load: float, seed: int) -> None:
    rate = load * queue.most_per_second
    assert simulated(queue, poisson_arrivals(rate, REQUESTS, seed)).agrees(queue.predict(rate), within=0.5)


@EXAMPLES
@given(queues(instances=1), LOADS)
def test_every_request_is_counted_in_the_batch_that_it_is_in(queue: BatchQueue, load: float) -> None:
    chain = solved(queue.times, load * queue.most_per_second, queue.max_queue_delay_seconds, instances=1)
    assert chain is not None
    by_batch = sum(part.counts.sum(axis=0) for part in waits(chain, instances=1, spells=1.0))
    sizes = np.arange(1, queue.max_batch + 1)
    assert by_batch == pytest.approx(chain.sizes * sizes, rel=0.03, abs=0.01 * float(chain.sizes @ sizes))


def test_bursts_take_longer_than_predicted() -> None:
    # The prediction knows of no bursts: who has them must plan for the rate within one.
    queue = BatchQueue(lambda size: 0.01 + 0.001 * size, max_batch=8)
    rate = 0.6 * queue.most_per_second
    found = simulated(queue, bursty_arrivals(rate, REQUESTS, seed=1, times_as_many=3, spell_seconds=1.0))
    assert found.quantile(0.99) > 1.5 * queue.predict(rate).p99_seconds
