"""Intervals of the benches hold what they are drawn from, and widen with its spread."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.intervals import difference_of_medians, ratio_of_means, ratio_of_medians


def test_a_ratio_without_spread_is_exact() -> None:
    found = ratio_of_means([6.0] * 5, [2.0] * 4, seed=1)
    assert (found.value, found.low, found.high) == (3.0, 3.0, 3.0)


def test_the_interval_holds_the_true_ratio_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    held = 0
    for seed in range(100):
        found = ratio_of_means(random.normal(30, 6, 24).tolist(), random.normal(10, 2, 24).tolist(), seed)
        held += found.low <= 3.0 <= found.high
    assert 85 <= held <= 100


def test_medians_shrug_off_one_start_that_hung() -> None:
    assert ratio_of_medians([4.0] * 9 + [400.0], [2.0] * 10, seed=1).value == 2.0


def test_a_disturbance_of_both_is_no_difference() -> None:
    random = np.random.default_rng(5)
    common = random.exponential(3, 200)
    found = difference_of_medians((common + 0.5).tolist(), common.tolist(), seed=2)
    assert found.low <= 0.5 <= found.high
    assert found.value == pytest.approx(0.5)


def test_nothing_measured_is_no_ratio() -> None:
    with pytest.raises(ValueError, match="both"):
        ratio_of_means([], [1.0], seed=1)
