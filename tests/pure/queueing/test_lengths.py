"""Batches of requests that differ: worked out by hand, and against a simulation in which each request has its own."""

from __future__ import annotations

import numpy as np
import pytest

from aigc.plan.queueing.batch_queue import BatchQueue
from aigc.plan.queueing.lengths import times_of_mix
from tests.pure.queueing.simulation import poisson_arrivals, simulated

TOKENS = (8, 32, 64, 256)
SHARES = (0.4, 0.3, 0.2, 0.1)


def seconds_of(batch: int, kind: int) -> float:
    """A step a token, and a step of more requests takes longer."""
    return TOKENS[kind] * (0.001 + 0.0001 * batch)


def test_a_batch_takes_as_long_as_its_longest() -> None:
    # Of two requests both are short in 0.81 of all cases; alone one is in 0.9.
    times = times_of_mix(lambda batch, kind: 2.0 if kind else 1.0, (0.9, 0.1), max_batch=2)
    assert times.means == pytest.approx([1.1, 1.19], abs=0.002)


def test_requests_that_are_alike_take_one_time() -> None:
    times = times_of_mix(lambda batch, kind: 1.0 + batch, (1.0,), max_batch=3)
    assert times.means == pytest.approx([2, 3, 4])


@pytest.mark.parametrize("max_batch", [1, 8])
@pytest.mark.parametrize("load", [0.1, 0.7])
def test_lengths_are_as_simulated(max_batch: int, load: float) -> None:
    queue = BatchQueue(times_of_mix(seconds_of, SHARES, max_batch), max_batch, max_queue_delay_seconds=0.002)
    count, rate = 60_000, load * queue.most_per_second
    kinds = np.random.default_rng(3).choice(len(SHARES), count, p=SHARES)
    arrivals = poisson_arrivals(rate, count, seed=4)
    found = simulated(queue, arrivals, lambda first, last: seconds_of(last - first, int(kinds[first:last].max())))
    predicted = queue.predict(rate)
    assert found.agrees(predicted, within=0.1)
    assert predicted.mean_batch == pytest.approx(found.mean_batch, rel=0.05)


@pytest.mark.parametrize("shares", [(), (0.5, 0.4), (1.5, -0.5)])
def test_what_are_no_shares_is_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="in sum 1"):
        times_of_mix(seconds_of, shares, max_batch=1)
