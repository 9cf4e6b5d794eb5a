"""The loops on a clock of their own: no coordinated omission, exactly C in flight, and an end whatever happens."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scripts.load.arrivals import intended_seconds
from scripts.load.loops import Limits, Recorder, closed_loop, open_loop
from scripts.load.mix import Request
from scripts.load.run_file import CUT_BY_DRAIN, CUT_BY_INTERRUPT, NOT_SENT, TOO_LATE, Run
from scripts.load.runner import measure
from scripts.load.settings import Arrivals
from scripts.load.summary import by_second, summarise
from tests.pure.load.runs import MIX, closed, served, settings, virtual, virtual_loop

STALL_START, STALL_END, SERVICE_SECONDS = 5.0, 6.0, 0.01


def stalling(at: float) -> float:
    """A server that answers in 10 ms, but for one second nothing."""
    return (STALL_END - at if STALL_START <= at < STALL_END else 0.0) + SERVICE_SECONDS


def test_a_stall_of_a_second_shows_in_the_percentiles_of_the_open_loop() -> None:
    """100 requests of 2000 meet the stall and wait 0 to 1 s: the slowest 1% begins at 0.8 s."""
    summary = summarise(served(settings(rps=100.0, seconds=20.0), stalling))
    assert summary.percentile(0.5).value_ms == pytest.approx(10)
    assert summary.percentile(0.99).value_ms == pytest.approx(810, abs=15)
    assert summary.max_ms == pytest.approx(1010, abs=11)


def test_the_closed_loop_hides_the_same_stall_and_says_so() -> None:
    summary = summarise(served(closed(1, seconds=20.0), stalling))
    assert summary.percentile(0.99).value_ms == pytest.approx(10)
    assert any("closed loop" in warning for warning in summary.warnings)


def test_a_client_that_is_late_counts_its_own_delay_and_says_so() -> None:
    async def go() -> Run:
        async def send(request: Request) -> int:
            if 2.0 <= virtual_loop().time() < 2.05:
                virtual_loop().block(1.0)  # as a long computation in this process would
            return request.max_tokens

        return await measure(settings(rps=50.0), MIX, "", send)

    summary = summarise(virtual(go()))
    assert summary.answered == 500
    assert summary.lag_max_ms == pytest.approx(980, abs=25)
    assert summary.max_ms is not None
    assert summary.max_ms >= 975, "latency counts from when the request was meant to be sent"
    assert any("could not keep up" in warning for warning in summary.warnings)


def test_a_client_that_stays_behind_gives_up_and_says_so() -> None:
    async def go() -> Run:
        async def send(request: Request) -> int:
            virtual_loop().block(0.3)  # three times as long as there is
            return request.max_tokens

        return await measure(settings(), MIX, "", send)

    run = virtual(go())
    summary = summarise(run)
    assert len(run.samples) == 100
    assert max(s.done_seconds for s in run.samples if not s.error) <= 11.0
    assert summary.errors == {TOO_LATE: 100 - summary.answered}
    assert summary.answered == pytest.approx(35, abs=2)
    assert any("were never sent" in warning for warning in summary.warnings)


def test_a_client_in_time_has_no_lag_and_no_warning() -> None:
    summary = summarise(served(settings(), lambda _: 0.1))
    assert summary.lag_max_ms == pytest.approx(0, abs=1e-3)
    assert not any("keep up" in warning for warning in summary.warnings)


@pytest.mark.parametrize("concurrency", [1, 7])
def test_the_closed_loop_keeps_exactly_so_many_in_flight(concurrency: int) -> None:
    chance, in_flight, seen = random.Random(5), 0, list[int]()  # noqa: S311

    async def go() -> Run:
        async def send(request: Request) -> int:
            nonlocal in_flight
            in_flight += 1
            seen.append(in_flight)
            await asyncio.sleep(chance.uniform(0.01, 0.3))
            in_flight -= 1
            return request.max_tokens

        return await measure(closed(concurrency), MIX, "", send)

    run = virtual(go())
    assert seen[: concurrency - 1] == list(range(1, concurrency))
    assert set(seen[concurrency - 1 :]) == {concurrency}, "each answer is followed by the next request at once"
    assert len(seen) == len(run.samples) > 20 * concurrency
    assert max(s.sent_seconds for s in run.samples) < 10.0
    assert [row.in_flight_mean for row in by_second(run)][:10] == pytest.approx([concurrency] * 10, abs=1e-6)


def test_a_server_that_refuses_at_once_is_not_flooded() -> None:
    async def go() -> Run:
        async def send(_request: Request) -> int:
            raise ConnectionRefusedError("connection refused")

        return await measure(closed(1, seconds=1.0), MIX, "", send)

    run = virtual(go())
    assert 10 <= len(run.samples) <= 21
    assert all("cannot be reached" in s.error for s in run.samples)


@pytest.mark.parametrize("made", [settings(rps=5.0, timeout_seconds=2.0), closed(3, timeout_seconds=2.0)])
def test_a_server_that_never_answers_is_timed_out_and_the_run_ends(made: Any) -> None:
    run = served(made, lambda _: 1e9)
    assert {s.error for s in run.samples} == {"no answer within 2 s"}
    assert max(s.done_seconds for s in run.samples) <= 12.0 + 1e-6
    assert summarise(run).error_percent == 100.0


def test_the_last_answers_are_awaited_no_longer_than_the_drain_time() -> None:
    run = served(settings(drain_seconds=0.5), lambda at: 2.0 if at >= 8.0 else 0.1)
    cut = [s for s in run.samples if s.error == CUT_BY_DRAIN]
    assert [round(s.intended_seconds, 1) for s in cut] == [
        8.6,
        8.7,
        8.8,
        8.9,
        *[round(9 + i / 10, 1) for i in range(10)],
    ]
    assert max(s.done_seconds for s in run.samples) == pytest.approx(10.5)


def test_too_many_unanswered_are_counted_and_not_sent() -> None:
    async def go() -> Recorder:
        loop = virtual_loop()

        async def send(_request: Request) -> int:
            await asyncio.sleep(100)
            return 1

        recorder = Recorder(send, str, Limits(2.0, 5.0, 5.0, in_flight=3), loop.time())
        await open_loop(recorder, MIX.requests(1), [i / 10 for i in range(20)], asyncio.Event())
        return recorder

    recorder = virtual(go())
    assert sum(s.error == NOT_SENT for s in recorder.samples) == 17


def test_the_closed_loop_stops_at_the_most_samples_it_may_keep() -> None:
    async def go() -> Recorder:
        async def send(_request: Request) -> int:
            await asyncio.sleep(0.001)
            return 1

        recorder = Recorder(send, str, Limits(10.0, 5.0, 5.0, requests=50), virtual_loop().time())
        await closed_loop(recorder, MIX.requests(1), 4, asyncio.Event())
        return recorder

    assert len(virtual(go()).samples) == 50


@pytest.mark.parametrize("loop", ["open", "closed"])
def test_an_interrupt_keeps_what_was_measured_and_waits_for_nothing(loop: str) -> None:
    async def go() -> Recorder:
        async def send(_request: Request) -> int:
            await asyncio.sleep(0.35)
            return 1

        recorder, stop = Recorder(send, str, Limits(10.0, 5.0, 5.0), virtual_loop().time()), asyncio.Event()
        virtual_loop().call_later(2.03, stop.set)
        if loop == "open":
            await open_loop(recorder, MIX.requests(1), [i / 10 for i in range(100)], stop)
        else:
            await closed_loop(recorder, MIX.requests(1), 3, stop)
        return recorder

    recorder = virtual(go())
    unfinished = [s for s in recorder.samples if s.error]
    assert {s.error for s in unfinished} == {CUT_BY_INTERRUPT}
    assert len(unfinished) == (4 if loop == "open" else 3)
    assert recorder.sent_until_seconds == pytest.approx(2.03)
    assert max(s.done_seconds for s in recorder.samples) == pytest.approx(2.03)


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.0, 8.0), min_size=1, max_size=40), st.floats(0.1, 6.0), st.floats(0.0, 6.0), st.booleans())
def test_every_request_becomes_one_sample_and_the_run_ends(
    delays: list[float], timeout: float, drain: float, by_clock: bool
) -> None:
    rate = {"timeout_seconds": timeout, "drain_seconds": drain, "seconds": 4.0}
    made = settings(rps=10.0, **rate) if by_clock else closed(4, **rate)
    run = served(made, lambda at: delays[int(at * 10) % len(delays)] + 0.02)
    assert len(run.samples) == 40 or not by_clock
    for one in run.samples:
        assert one.intended_seconds <= one.sent_seconds + 1e-9
        assert 0 <= one.done_seconds - one.sent_seconds <= timeout + 1e-6
        assert one.done_seconds <= 4.0 + drain + 1e-6
        assert bool(one.error) == (one.output_tokens == 0)


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.floats(0.2, 200.0), st.floats(0.5, 30.0), st.sampled_from(Arrivals), st.integers(0, 2**40))
def test_arrivals_are_ascending_within_the_run_and_the_same_for_a_seed(
    rps: float, seconds: float, arrivals: Arrivals, seed: int
) -> None:
    times = intended_seconds(rps, seconds, arrivals, seed)
    assert np.all(np.diff(times) >= 0)
    assert np.all((times >= 0) & (times < seconds))
    assert np.array_equal(times, intended_seconds(rps, seconds, arrivals, seed))


def test_poisson_arrivals_have_exponential_gaps_of_the_rate() -> None:
    times = intended_seconds(50.0, 400.0, Arrivals.POISSON, 3)
    gaps = np.diff(times)
    assert len(times) == pytest.approx(20_000, rel=0.03)
    assert float(gaps.std() / gaps.mean()) == pytest.approx(1.0, abs=0.03)
    constant = np.diff(intended_seconds(50.0, 4.0, Arrivals.CONSTANT, 3))
    assert constant == pytest.approx(np.full(199, 0.02))
