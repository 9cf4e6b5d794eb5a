"""Instances that share cores: by hand, against the batch queue where nothing is shared, and what holds for any."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc.plan.queueing.batch_queue import BatchQueue
from aigc.plan.queueing.service import ServiceTimes
from aigc.plan.queueing.shared_cores import SharedServer, burst_seconds, closed, opened

SECONDS = (0.010, 0.012, 0.014, 0.016)
TIMES = ServiceTimes.certain(SECONDS, 4)
LONE = ServiceTimes.certain(SECONDS, 1)


def test_one_user_waits_for_the_delay_the_batch_and_what_is_outside() -> None:
    found = closed(SharedServer(TIMES, 0.002, 2, 1, 0.001), 1, 100)
    assert found.quantile(0.5) == pytest.approx(0.013)
    assert found.quantile(0.99) == pytest.approx(0.013)
    assert found.requests_per_second == pytest.approx(1 / 0.013)
    assert found.mean_batch == 1


@pytest.mark.parametrize(("cores", "seconds"), [(1, 0.020), (2, 0.010)])
def test_two_instances_on_one_core_take_twice_as_long(cores: int, seconds: float) -> None:
    found = closed(SharedServer(LONE, instances=2, cores=cores), 2, 200)
    assert found.quantile(0.5) == pytest.approx(seconds)
    assert found.requests_per_second == pytest.approx(2 / seconds, rel=0.02)


def test_full_batches_follow_one_another() -> None:
    found = closed(SharedServer(TIMES, instances=1), 8, 400)
    assert found.mean_batch == pytest.approx(4, rel=0.02)
    assert found.quantile(0.5) == pytest.approx(2 * SECONDS[-1])


def test_a_burst_is_as_long_as_its_batches() -> None:
    assert burst_seconds(SharedServer(TIMES, 0.002), 4) == pytest.approx(0.016)
    assert burst_seconds(SharedServer(TIMES, 0.002, 2), 8) == pytest.approx(0.032)
    # The last one waits for company that does not come: both of its batches share the core after the delay.
    assert burst_seconds(SharedServer(TIMES, 0.002, 2, 1, 0.001), 5) == pytest.approx(0.016 + 0.010 + 0.001)
    assert burst_seconds(SharedServer(LONE, instances=2), 3) == pytest.approx(0.030)


def test_what_a_client_asks_at_once_arrives_in_a_row() -> None:
    # Four are there after 1, 2, 3 and 4 ms; the delay of 2 ms lets three of them meet.
    slow = SharedServer(TIMES, 0.002, 1, 1, 0.0, 0.001)
    assert burst_seconds(slow, 4) == pytest.approx(0.003 + 0.014 + 0.010)
    assert closed(slow, 1, 100).quantile(0.5) == pytest.approx(0.001 + 0.002 + 0.010)
    # A client that takes longer than the server is all that throughput depends on.
    assert closed(SharedServer(LONE, client_seconds=0.02), 8, 400).requests_per_second == pytest.approx(50, rel=0.02)


@pytest.mark.parametrize("load", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("delay", [0.0, 0.004])
def test_where_nothing_is_shared_the_batch_queue_says_the_same(load: float, delay: float) -> None:
    queue = BatchQueue(TIMES, 4, delay)
    rate = load * queue.most_per_second
    found, predicted = opened(SharedServer(TIMES, delay), rate, 60_000), queue.predict(rate)
    assert found.quantile(0.5) == pytest.approx(predicted.p50_seconds, rel=0.05)
    assert found.quantile(0.99) == pytest.approx(predicted.p99_seconds, rel=0.08)
    assert found.mean_batch == pytest.approx(predicted.mean_batch, rel=0.02)
    assert found.requests_per_second == pytest.approx(rate, rel=0.02)


@settings(max_examples=40, deadline=None)
@given(
    first=st.floats(0.001, 0.1),
    more=st.lists(st.floats(0.0, 0.05), min_size=0, max_size=7),
    delay=st.sampled_from([0.0, 0.002]),
    instances=st.integers(1, 3),
    cores=st.integers(1, 3),
    users=st.integers(1, 20),
)
def test_a_closed_loop_keeps_the_laws(
    first: float, more: list[float], delay: float, instances: int, cores: int, users: int
) -> None:
    seconds = [first]
    for step in more:
        seconds.append(seconds[-1] + step)
    times = ServiceTimes.certain(seconds, len(seconds))
    found = closed(SharedServer(times, delay, instances, cores), users, 600)
    assert 1 <= found.mean_batch <= min(users, len(seconds)) + 1e-9
    assert found.latency_seconds.min() >= first * (1 - 1e-6)
    # Little's law, of a loop that always has its users in it.
    assert found.requests_per_second * found.latency_seconds.mean() == pytest.approx(users, rel=0.1)
    best = max((size + 1) / took for size, took in enumerate(seconds))
    assert found.requests_per_second <= min(instances, cores) * best * 1.1


@settings(max_examples=20, deadline=None)
@given(load=st.floats(0.05, 0.8), instances=st.integers(1, 3))
def test_every_request_of_an_open_loop_is_answered_and_more_cores_do_no_harm(load: float, instances: int) -> None:
    rate = load * 4 / SECONDS[-1]
    few = opened(SharedServer(TIMES, 0.0, instances, 1), rate, 2000)
    many = opened(SharedServer(TIMES, 0.0, instances, instances), rate, 2000)
    assert len(few.latency_seconds) == len(many.latency_seconds) == 1800
    assert many.latency_seconds.mean() <= few.latency_seconds.mean() * 1.001


def test_bad_servers_and_loads_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 instance"):
        SharedServer(TIMES, instances=0)
    with pytest.raises(ValueError, match="0 or more"):
        SharedServer(TIMES, outside_seconds=-1.0)
    with pytest.raises(ValueError, match="at least 1 user"):
        closed(SharedServer(TIMES), 0)
    with pytest.raises(ValueError, match="more than 0"):
        opened(SharedServer(TIMES), 0.0)
