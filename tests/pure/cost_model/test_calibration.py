"""Profiles made with known efficiencies give them back; what they do not determine stays assumed, and is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from aigc.plan.cost_model.calibration import calibrated
from aigc.plan.cost_model.estimate import Estimate, estimate
from aigc.plan.cost_model.profiles import Profile
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.request import Request
from aigc.plan.cost_model.roofline import ASSUMED, Efficiency, Parameter
from tests.pure.cost_model.examples import ACCELERATOR, CHAT, SERVED, WORK, profile

READING = Request(tokens_in=1500)
WRITING = Request(tokens_in=1, tokens_out=1000)
SHORT = Request(tokens_in=1)
BATCHES = (1, 4, 16)


def profiles(truth: Efficiency, *requests: Request, batches: tuple[int, ...] = BATCHES) -> Iterator[Profile]:
    for request in requests:
        for batch in batches:
            found = estimate(SERVED, ACCELERATOR, request, batch, (), truth)
            assert isinstance(found, Estimate), found
            yield profile(batch, found.latency_ms, request)


@pytest.mark.parametrize("compute", [0.13, 0.7])
@pytest.mark.parametrize("memory", [0.31, 0.92])
@pytest.mark.parametrize("step_overhead_ms", [0.0, 4.0])
def test_known_efficiencies_are_recovered(compute: float, memory: float, step_overhead_ms: float) -> None:
    truth = Efficiency(compute, memory, step_overhead_ms)
    found = calibrated(ACCELERATOR, profiles(truth, READING, WRITING, SHORT), [SERVED])
    assert found.measured == set(Parameter)
    assert (found.compute, found.memory) == pytest.approx((compute, memory), rel=1e-3)
    assert found.step_overhead_ms == pytest.approx(step_overhead_ms, abs=0.02)
    assert [*found.assumptions()] == []


def test_noise_of_measurements_moves_them_little() -> None:
    truth, random = Efficiency(0.4, 0.7, 2.0), np.random.default_rng(1)
    noisy = [
        profile(one.batch, one.latency_ms * float(np.exp(random.normal(0, 0.02))), one.request)
        for one in profiles(truth, READING, WRITING, SHORT, batches=(1, 2, 4, 8, 16))
    ]
    found = calibrated(ACCELERATOR, noisy, [SERVED])
    assert (found.compute, found.memory) == pytest.approx((0.4, 0.7), rel=0.05)


def test_what_waits_for_memory_says_nothing_of_arithmetic() -> None:
    found = calibrated(ACCELERATOR, profiles(Efficiency(0.9, 0.4, 3.0), WRITING), [SERVED])
    assert Parameter.COMPUTE not in found.measured
    assert found.compute == ASSUMED.compute
    assert found.memory == pytest.approx(0.4, rel=0.05)
    assert "0.5 of peak arithmetic is reached" in found.assumptions()


def test_one_profile_determines_one_efficiency() -> None:
    truth = Efficiency(0.9, 0.4, ASSUMED.step_overhead_ms)
    found = calibrated(ACCELERATOR, profiles(truth, WRITING, batches=(1,)), [SERVED])
    assert found.measured == {Parameter.MEMORY}
    assert found.memory == pytest.approx(0.4, rel=1e-3)
    found = calibrated(ACCELERATOR, profiles(truth, READING, batches=(16,)), [SERVED])
    assert found.measured == {Parameter.COMPUTE}
    assert found.compute == pytest.approx(0.9, rel=1e-3)


def test_an_assumed_overhead_is_not_longer_than_a_measured_step() -> None:
    small = replace(SERVED, work=WORK.model_copy(update={"weight_bytes": 1e6, "kv_cache_bytes_per_token": 0.0}))
    # 10 + 1 steps in 1.1 ms are 0.1 ms a step, less than the assumed 0.45 ms.
    found = calibrated(ACCELERATOR, [profile(1, 1.1)], [small])
    assert found.step_overhead_ms <= 0.05


def test_the_fit_explains_profiles_that_the_defaults_miss() -> None:
    measured = [*profiles(Efficiency(0.2, 0.5, 5.0), CHAT, READING)]
    found = calibrated(ACCELERATOR, measured, [SERVED])
    for one in measured:
        fitted = estimate(SERVED, ACCELERATOR, one.request, one.batch, (), found)
        assumed = estimate(SERVED, ACCELERATOR, one.request, one.batch)
        assert isinstance(fitted, Estimate)
        assert isinstance(assumed, Estimate)
        assert fitted.latency_ms == pytest.approx(one.latency_ms, rel=0.01)
        assert assumed.latency_ms < 0.8 * one.latency_ms


def test_without_usable_profiles_all_is_assumed() -> None:
    one = profile(1, 100.0)
    other = one.model_copy(update={"accelerator_id": "example-80gb"})
    blind = ACCELERATOR.model_copy(update={"memory_bandwidth_gb_s": None})
    assert calibrated(ACCELERATOR, [], [SERVED]) == ASSUMED
    assert calibrated(ACCELERATOR, [other], [SERVED]) == ASSUMED
    assert calibrated(ACCELERATOR, [one], []) == ASSUMED
    assert calibrated(ACCELERATOR, [one], [replace(SERVED, work=Rejection("nobody counted"))]) == ASSUMED
    assert calibrated(blind, [one], [SERVED]) == ASSUMED
