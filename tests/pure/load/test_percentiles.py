"""Percentiles agree with numpy, intervals with exact binomials, and they hold what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scripts.load.percentiles import (
    QUANTILES,
    binomial_cumulative,
    fewest_samples,
    interval_ranks,
    order_statistic,
    percentile,
    percentile_name,
)

LATENCIES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=300)


@hypothesis_settings(max_examples=25, deadline=None)
@given(LATENCIES, st.sampled_from(QUANTILES))
def test_a_percentile_is_numpys_inverted_distribution(values: list[float], quantile: float) -> None:
    ascending = np.sort(np.array(values))
    assert order_statistic(ascending, quantile) == np.quantile(ascending, quantile, method="inverted_cdf")


@pytest.mark.parametrize("chance", [0.5, 0.9, 0.99])
def test_the_binomial_is_exact(chance: float) -> None:
    count = 40
    exact = np.cumsum([math.comb(count, k) * chance**k * (1 - chance) ** (count - k) for k in range(count + 1)])
    np.testing.assert_allclose(binomial_cumulative(count, chance), exact, rtol=1e-10, atol=1e-12)


def test_the_median_of_a_hundred_has_the_ranks_of_the_textbooks() -> None:
    assert interval_ranks(100, 0.5) == (40, 61)


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.sampled_from(QUANTILES), st.integers(0, 3000))
def test_an_interval_holds_its_percentile_and_exists_from_the_fewest_samples_on(quantile: float, more: int) -> None:
    count = fewest_samples(quantile) + more
    low, high = interval_ranks(count, quantile)
    cumulative = binomial_cumulative(count, quantile)
    assert 1 <= low <= math.ceil(quantile * count) <= high <= count
    assert cumulative[high - 1] - cumulative[low - 1] >= 0.95 - 1e-9 or low == 1


def test_too_few_samples_give_no_percentile_but_a_reason() -> None:
    assert [fewest_samples(quantile) for quantile in QUANTILES] == [6, 36, 72, 368, 3688]
    for quantile in QUANTILES:
        needed = fewest_samples(quantile)
        missing = percentile(np.arange(needed - 1, dtype=np.float64), quantile)
        assert (missing.value_ms, missing.why_missing) == (None, f"needs {needed} answers, {needed - 1} measured")
        assert percentile(np.arange(needed, dtype=np.float64), quantile).high_ms == needed - 1


@pytest.mark.parametrize(("quantile", "count"), [(0.5, 50), (0.9, 200), (0.99, 600)])
def test_intervals_hold_the_true_percentile_in_95_of_100_runs(quantile: float, count: int) -> None:
    runs = np.sort(np.random.default_rng(1).exponential(1.0, (4000, count)), axis=1)
    truth = -math.log(1 - quantile)
    low, high = interval_ranks(count, quantile)
    covered = np.mean((runs[:, low - 1] <= truth) & (truth < runs[:, high - 1]))
    assert 0.945 <= covered <= 0.985


def test_percentiles_are_named_as_the_field_does() -> None:
    assert [percentile_name(quantile) for quantile in QUANTILES] == ["p50", "p90", "p95", "p99", "p99.9"]
