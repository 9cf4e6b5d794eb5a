"""A difference that is there is found, one that is not there is not, and other loads are not compared."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.load import compare as comparing
from scripts.load.compare import Difference, Verdict, compare, rank_grid, settings_faults
from scripts.load.run_file import Run
from tests.pure.load.runs import run_of, sample, settings


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "DRAWS", 400)  # as true as 4000, rougher at the ends of an interval


def exponential(seed: int, mean_ms: float, count: int = 500, failed: int = 0) -> Run:
    random = np.random.default_rng(seed)
    latencies = 20 + random.exponential(mean_ms, count)
    return run_of(sample(10 * i / count, latency, "x" if i < failed else "") for i, latency in enumerate(latencies))


def by_name(differences: list[Difference]) -> dict[str, Difference]:
    return {one.name: one for one in differences}


def test_a_run_does_not_differ_from_itself() -> None:
    run = exponential(1, 50)
    for one in compare(run, run, 1):
        assert one.verdict in {Verdict.NOT_SHOWN, Verdict.UNKNOWN}
        assert one.change in {0.0, None}


def test_a_slower_server_is_worse_and_the_faster_one_better() -> None:
    slow, fast = exponential(1, 100), exponential(2, 50)
    worse, better = by_name(compare(fast, slow, 1)), by_name(compare(slow, fast, 1))
    for name in ("p50", "p90", "p95", "p99"):
        assert (worse[name].verdict, better[name].verdict) == (Verdict.WORSE, Verdict.BETTER)
    assert worse["p50"].jointly
    assert worse["p50"].low is not None
    assert worse["p50"].high is not None
    assert worse["p50"].low < 50 * np.log(2) < worse["p50"].high, "the true difference of the medians"
    assert worse["p99.9"].verdict is Verdict.UNKNOWN
    assert "needs 3688 answers" in worse["p99.9"].why


def test_more_throughput_is_better_and_more_errors_are_worse() -> None:
    few, many = exponential(1, 50, 400, failed=100), exponential(2, 50, 800)
    found = by_name(compare(few, many, 1))
    assert found["throughput"].verdict is found["tokens"].verdict is found["errors"].verdict is Verdict.BETTER
    assert by_name(compare(many, few, 1))["throughput"].verdict is Verdict.WORSE


def test_the_same_seed_gives_the_same_intervals() -> None:
    old, new = exponential(1, 50), exponential(2, 55)
    assert compare(old, new, 3) == compare(old, new, 3)
    assert compare(old, new, 3) != compare(old, new, 4)


def test_equal_servers_are_seldom_called_different() -> None:
    """10 comparisons of equal servers: of their intervals at 95% few miss 0, of the joint ones almost none."""
    compared = [compare(exponential(2 * i, 50), exponential(2 * i + 1, 50), i) for i in range(10)]
    called = [
        one.verdict in {Verdict.WORSE, Verdict.BETTER}
        for pair in compared
        for one in pair
        if one.name.startswith("p") and not one.why
    ]
    assert np.mean(called) <= 0.15
    assert sum(any(one.jointly for one in pair) for pair in compared) <= 2


def test_answers_that_queued_together_are_not_taken_for_independent_ones() -> None:
    """Each second has one latency: 20 facts, not 2000, so the interval must stay wide."""
    random = np.random.default_rng(3)
    waves = [random.exponential(50.0, 20) for _ in range(2)]
    runs = [run_of((sample(i / 100, 20 + wave[i // 100]) for i in range(2000)), seconds=20.0) for wave in waves]
    (p50,) = [one for one in compare(runs[0], runs[1], 1) if one.name == "p50"]
    assert p50.high is not None
    assert p50.low is not None
    assert p50.high - p50.low > 20


@pytest.mark.parametrize("count", [1, 3500, 3501, 100_000])
def test_the_ranks_looked_at_are_close_to_every_percentile(count: int) -> None:
    ranks = rank_grid(count)
    assert (ranks[0], ranks[-1]) == (1, count)
    assert np.all(np.diff(ranks) >= 1)
    assert len(ranks) == min(count, 3500) or len(ranks) < 3500
    for quantile in (0.5, 0.9, 0.95, 0.99, 0.999):
        off = np.abs(ranks - quantile * count).min()
        assert off <= max(1.0, 0.2 * np.sqrt(count * quantile * (1 - quantile))), "less than chance moves it by"


@pytest.mark.parametrize(
    "changed", [{"rps": 11.0}, {"mode": "closed", "rps": None, "concurrency": 2}, {"arrivals": "poisson"}]
)
def test_runs_of_other_loads_are_refused(changed: dict[str, object]) -> None:
    old, new = exponential(1, 50), exponential(1, 50).model_copy(update={"settings": settings(**changed)})
    faults = settings_faults(old, new)
    assert {fault.where for fault in faults} == {f"setting {name}" for name in changed}
    assert all("--force" in fault.way_out for fault in faults)


def test_another_model_seed_or_protocol_is_what_a_comparison_is_for() -> None:
    new = exponential(1, 50).model_copy(update={"settings": settings(model="other", seed=2, protocol="http")})
    assert settings_faults(exponential(1, 50), new) == []


def test_runs_without_answers_are_not_comparable() -> None:
    empty = run_of([])
    assert by_name(compare(empty, empty, 1))["p50"].verdict is Verdict.UNKNOWN
    assert by_name(compare(exponential(1, 50), empty, 1))["throughput"].verdict is Verdict.WORSE
