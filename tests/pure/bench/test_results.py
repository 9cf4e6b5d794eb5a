"""What the benches make of their samples: counts, ratios and sums that can be checked by hand."""

from __future__ import annotations

import pytest

from scripts.load.mix import Request
from tests.bench import bench_batching, bench_cold_start, bench_path
from tests.pure.load.runs import run_of, sample


def measurement(
    gap_ms: int, latency_ms: float, inferences: int, executions: int, cpu_seconds: float
) -> bench_batching.Measurement:
    """10 s of a request every so many milliseconds."""
    run = run_of([sample(at / 1000, latency_ms) for at in range(0, 10_000, gap_ms)])
    return bench_batching.Measurement(run, inferences, executions, cpu_seconds)


def test_a_load_compares_rates_batches_and_processor_time() -> None:
    kept = bench_batching.Measurements()
    kept.runs["gpt", "mix", 32] = [measurement(10, 200, 800, 100, 8.0)] * 2
    kept.runs["gpt_wide", "mix", 32] = [measurement(5, 100, 1600, 100, 8.0)] * 2
    kept.runs["gpt_handbook", "mix", 32] = [measurement(40, 400, 300, 300, 9.0)] * 2
    found = bench_batching.compared(kept, "mix", 32)
    assert found["gpt"]["mean_batch"] == 8
    assert found["gpt_handbook"]["mean_batch"] == 1
    assert found["gpt"]["requests_per_second_ratio"]["value"] == pytest.approx(4, rel=0.05)
    assert found["gpt_wide"]["requests_per_second_ratio"]["value"] == pytest.approx(8, rel=0.05)
    assert found["gpt"]["p99_ratio"] == pytest.approx(0.5)
    assert found["gpt"]["cpu_ms_per_answer"] == 8.0
    assert found["gpt"]["cpu_ratio"] == pytest.approx(8 / 36, abs=0.001)


def test_answers_are_compared_by_request() -> None:
    kept = bench_batching.Measurements(compared=5)
    one, two, three = (Request(text, 2) for text in "abc")
    kept.answers["gpt"] = {one: (1, 2), two: (3,), three: (4,)}
    kept.answers["gpt_wide"] = {one: (1, 2), two: (9,)}
    kept.answers["gpt_handbook"] = {one: (1, 2), two: (9,)}
    assert bench_batching.equality(kept) == {
        "requests": 5,
        "equal": 3,
        "answers": 5,
        "contradicting_themselves": 0,
    }


def test_a_station_adds_what_its_entry_takes_longer() -> None:
    samples = {
        "triton": [1.0, 1.2, 1.1],
        "mux": [1.5, 1.7, 1.6],
        "queue-proxy": [2.5, 2.7, 2.6],
        "gateway": [3.0, 3.2, 3.1],
        "activator": [4.0, 4.2, 4.1],
    }
    added = bench_path.facts_of(samples)["added"]
    medians = {station: facts["p50_ms"]["value"] for station, facts in added.items()}
    expected = {"mux": 0.5, "queue-proxy": 1.0, "gateway": 0.5, "whole path": 2.0, "activator": 1.5}
    assert medians == pytest.approx(expected)


def test_stages_are_medians_and_the_ratio_is_of_the_whole() -> None:
    cold = [bench_cold_start.ColdStart(0.5, 0.1, 0.9, 2.0, 0.5, total, total - 0.2) for total in (4.0, 4.0, 9.0)]
    bare = [bench_cold_start.BareStart(2.0, 3.0)] * 3
    found = bench_cold_start.result_of(cold, bare)
    assert found["starts"] == 3
    assert found["cold_start"]["total"] == {"median_seconds": 4.0, "p95_seconds": 9.0}
    assert found["ratio_to_bare_server"]["value"] == 2.0
    assert found["ratio_to_bare_pod"]["value"] == pytest.approx(1.33)
