"""Latencies known from theory, what is monotone, and what is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc.plan.parts import BatchingPlan
from aigc.plan.queueing.batch_queue import MOST_LOAD, BatchQueue
from aigc.plan.queueing.service import ServiceTimes

EXAMPLES = settings(max_examples=15, deadline=None)
ROUNDING = 1e-9
CELL = 0.01
"""Of a percentile: what cells of time and truncation may take from what is monotone."""


DELAYS = st.floats(0, 0.05)


@st.composite
def queues(draw: st.DrawFn, delays: st.SearchStrategy[float] = DELAYS) -> BatchQueue:
    max_batch = draw(st.sampled_from([1, 2, 3, 8, 16]))
    alone, more = draw(st.floats(0.001, 0.05)), draw(st.floats(0, 0.01))
    return BatchQueue(lambda size: alone + more * (size - 1), max_batch, draw(delays), draw(st.integers(1, 4)))


def test_a_lone_request_waits_for_the_delay_and_is_a_batch() -> None:
    lone = BatchQueue((0.02, 0.03), max_batch=2, max_queue_delay_seconds=0.005).predict(0)
    assert lone.p50_seconds == lone.p99_seconds == pytest.approx(0.025)
    assert (lone.mean_batch, lone.utilization) == (1, 0)


def test_without_batches_nothing_is_waited_for() -> None:
    assert BatchQueue((0.02,), max_batch=1, max_queue_delay_seconds=0.005).predict(0).p99_seconds == 0.02


def test_the_queue_with_one_certain_time_is_that_of_erlang() -> None:
    # M/D/1: P(wait <= t) = (1 - a) sum over k <= t / D of (a (k - t / D))^k / k! e^(-a (k - t / D)), a = rate x D;
    # Erlang 1909. At a = 0.5 the half of all find nobody, and the p99 is where it reaches 0.99.
    load = 0.5

    def waits_at_most(services: float) -> float:
        terms = ((load * (k - services)) ** k / math.factorial(k) * math.exp(-load * (k - services)) for k in range(20))
        return (1 - load) * sum(term for k, term in enumerate(terms) if k <= services)

    p99 = BatchQueue((0.01,), max_batch=1).predict(load / 0.01).p99_seconds
    assert waits_at_most(p99 / 0.01 - 1 - 0.05) < 0.99 < waits_at_most(p99 / 0.01 - 1 + 0.05)


def test_more_than_full_batches_can_do_is_an_overload() -> None:
    queue = BatchQueue((0.02, 0.025), max_batch=2, instances=2)
    assert queue.most_per_second == pytest.approx(160)
    flooded = queue.predict(200)
    assert flooded.p99_seconds == math.inf
    assert (flooded.requests_per_second, flooded.mean_batch, flooded.utilization) == (160, 2, 1)


@pytest.mark.parametrize(("dynamic", "largest"), [(True, 4), (False, 1)])
def test_a_plan_without_dynamic_batching_has_batches_of_one(dynamic: bool, largest: int) -> None:
    plan = BatchingPlan(max_batch_size=4, dynamic=dynamic, max_queue_delay_us=2000, instances=2)
    queue = BatchQueue.planned((0.02, 0.03, 0.04, 0.05), plan)
    assert (queue.max_batch, queue.max_queue_delay_seconds, queue.instances) == (largest, 0.002, 2)


@EXAMPLES
@given(queues(st.just(0.0)), st.floats(0.01, 1), st.floats(0.01, 1))
def test_more_arrivals_never_lower_p99_where_nothing_is_delayed(queue: BatchQueue, one: float, other: float) -> None:
    few, many = (queue.predict(load * queue.most_per_second) for load in sorted((one, other)))
    assert few.p99_seconds <= many.p99_seconds * (1 + CELL)


@EXAMPLES
@given(queues(), st.floats(0.01, 1), st.floats(0.01, 1))
def test_more_arrivals_lower_p99_by_the_delay_at_most(queue: BatchQueue, one: float, other: float) -> None:
    few, many = (queue.predict(load * queue.most_per_second) for load in sorted((one, other)))
    assert few.p99_seconds <= many.p99_seconds * (1 + CELL) + queue.max_queue_delay_seconds


@pytest.mark.whole
@settings(max_examples=3, deadline=None)
@given(queues(), st.floats(1, 5), st.floats(1, 5))
def test_a_looser_objective_never_has_a_lower_rate(queue: BatchQueue, one: float, other: float) -> None:
    lone = queue.predict(0).p99_seconds
    tight, loose = (queue.largest_rate(lone * factor) for factor in sorted((one, other)))
    assert 0 <= tight <= loose <= MOST_LOAD * queue.most_per_second * (1 + ROUNDING)


def test_the_largest_rate_holds_and_a_little_more_does_not() -> None:
    queue = BatchQueue(lambda size: 0.02 + 0.001 * size, max_batch=8, max_queue_delay_seconds=0.002)
    rate = queue.largest_rate(0.05)
    assert queue.predict(rate).p99_seconds <= 0.05 < queue.predict(rate * 1.01).p99_seconds


def test_no_rate_holds_where_a_lone_request_takes_too_long() -> None:
    assert BatchQueue((0.02, 0.03), max_batch=2, max_queue_delay_seconds=0.005).largest_rate(0.024) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seconds_of_batch": (0.02,)}, "1 times for batches of up to 2"),
        ({"seconds_of_batch": (0.03, 0.02)}, "a batch of 2 takes less than one of 1"),
        ({"seconds_of_batch": (0.0, 0.02)}, "positive"),
        ({"seconds_of_batch": (math.nan, 0.02)}, "finite"),
        ({"seconds_of_batch": ServiceTimes.certain((0.02,), 1)}, "times of batches of up to 1, not 2"),
        ({"max_batch": 0}, "at least 1 request and at most 1024, not 0"),
        ({"seconds_of_batch": float, "max_batch": 2000}, "at least 1 request and at most 1024, not 2000"),
        ({"instances": 0}, "at least 1 instance, not 0"),
        ({"max_queue_delay_seconds": -0.001}, "0 or more seconds"),
    ],
)
def test_what_is_no_server_is_refused(wrong: dict[str, object], said: str) -> None:
    right: dict[str, object] = {"seconds_of_batch": (0.02, 0.03), "max_batch": 2}
    with pytest.raises(ValueError, match=said):
        BatchQueue(**right | wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [-1.0, math.nan, math.inf])
def test_what_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="a rate is 0 or more requests a second"):
        BatchQueue((0.02,), max_batch=1).predict(rate)


@pytest.mark.parametrize("objective", [0.0, -1.0, math.nan])
def test_what_is_no_objective_is_refused(objective: float) -> None:
    with pytest.raises(ValueError, match="an objective is more than 0 seconds"):
        BatchQueue((0.02,), max_batch=1).largest_rate(objective)
