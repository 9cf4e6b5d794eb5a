"""What is counted in a summary and what is not, when the answer is no, and that a saved run says the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.faults import UserError
from scripts.load.run_file import CUT_BY_INTERRUPT, NOT_SENT, Run, Sample, read_run, save_run
from scripts.load.summary import by_second, objections, summarise
from tests.pure.load.runs import closed, run_of, sample


def test_the_warm_up_is_left_out() -> None:
    run = run_of([sample(i / 10, 900 if i < 20 else 100) for i in range(100)], warmup_seconds=2.0)
    summary = summarise(run)
    assert (summary.requests, summary.answered, summary.window_seconds) == (80, 80, 8.0)
    assert summary.max_ms == pytest.approx(100)
    assert [row.sent for row in by_second(run)][:2] == [10, 10], "the charts show it all the same"


def test_throughput_counts_answers_that_came_during_the_measured_part() -> None:
    """Of 100 requests that each take 3 s, the first 70 are answered within the 10 s."""
    summary = summarise(run_of([sample(i / 10, 3000 - 1e-3) for i in range(100)]))
    assert summary.achieved_rps == pytest.approx(7.1, abs=0.11)
    assert summary.tokens_per_second == pytest.approx(4 * summary.achieved_rps)
    assert summary.intended_rps == pytest.approx(10)
    assert summary.answered == 100


def test_errors_are_counted_by_reason_and_are_no_latency() -> None:
    failed = [sample(i / 10, 5000, "b" if i % 3 else "a") for i in range(30)]
    summary = summarise(run_of([*failed, *(sample(3 + i / 10, 50) for i in range(70))]))
    assert summary.errors == {"b": 20, "a": 10}
    assert summary.error_percent == pytest.approx(30)
    assert summary.max_ms == pytest.approx(50)
    assert any("30 errors are not in" in warning for warning in summary.warnings)


def test_what_an_interrupt_cut_neither_failed_nor_was_answered() -> None:
    samples = [sample(0.1, 50), sample(0.2, 50, CUT_BY_INTERRUPT)]
    summary = summarise(run_of(samples).model_copy(update={"interrupted": True, "elapsed_seconds": 0.3}))
    assert (summary.answered, summary.unfinished, summary.error_percent) == (1, 1, 0.0)
    assert any("interrupted after 0.3 s" in warning for warning in summary.warnings)


def test_a_busy_client_says_so() -> None:
    run = run_of([sample(0.1, 50)]).model_copy(update={"client_cpu_percent": 97.0})
    assert any("97% of its core" in warning for warning in summarise(run).warnings)


def test_a_run_without_an_answer_is_a_no_and_not_a_division_by_zero() -> None:
    for samples in ([], [sample(0.1, 1, NOT_SENT)]):
        run = run_of(samples)
        summary = summarise(run)
        assert summary.max_ms is None
        assert objections(summary, 100.0, None) == ["no request of the measured part was answered"]
        by_second(run)


def test_each_second_has_its_own_row() -> None:
    rows = by_second(run_of([sample(0.5, 1000), sample(0.6, 100), sample(1.2, 500, "x")]))
    assert [(r.sent, r.done, r.errors) for r in rows] == [(2, 1, 0), (1, 1, 1)]
    assert [r.in_flight_mean for r in rows] == pytest.approx([0.5 + 0.1, 0.5 + 0.5])
    assert [rows[0].p50_ms, rows[1].p99_ms] == pytest.approx([100, 1000])


@pytest.mark.parametrize(
    ("failed", "slow_ms", "p99_ms", "said"),
    [
        (0, 100, 100.1, ""),
        (4, 100, None, ""),
        (5, 100, None, "1.25% of the requests failed, at most 1% may"),
        (0, 100, 99.0, "p99 is 100.0 ms, at most 99 ms"),
    ],
)
def test_the_objectives(failed: int, slow_ms: float, p99_ms: float | None, said: str) -> None:
    samples = [sample(i / 41, slow_ms, "x" if i < failed else "") for i in range(400)]
    found = objections(summarise(run_of(samples)), 1.0, p99_ms)
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_a_p99_that_was_not_measured_is_not_met() -> None:
    assert "cannot be judged" in objections(summarise(run_of([sample(0, 1)])), 1.0, 1000.0)[0]


def test_a_saved_run_is_the_run(tmp_path: Path) -> None:
    run = run_of([sample(0.123456, 50.5), sample(1, 60, "no answer within 5 s")])
    save_run(run, tmp_path / "run.json")
    again = read_run(tmp_path / "run.json")
    assert again == run.model_copy(update={"samples": again.samples})
    assert [s.error for s in again.samples] == ["", "no answer within 5 s"]
    assert again.samples[0].latency_ms == pytest.approx(50.5, abs=2e-3)
    assert closed(3).mode == "closed"


def broken_files() -> dict[str, Any]:
    run = run_of([sample(0, 1)])
    document = {**run.model_dump(mode="json", exclude={"samples"}), "columns": [*Sample.__dataclass_fields__]}
    row = [0.0, 0.0, 0.1, 8, 4, ""]
    return {
        "no json": "{",
        "a list": [],
        "a number": 4,
        "no samples": {**document},
        "a short row": {**document, "rows": [row[:-1]]},
        "other columns": {**document, "columns": ["a"], "rows": [[1]]},
        "rows that are none": {**document, "rows": 4},
        "a word for a number": {**document, "rows": [["x", *row[1:]]]},
        "an unknown version": {**document, "rows": [row], "version": 99},
        "other settings": {**document, "rows": [row], "settings": {}},
        "null": None,
    }


@pytest.mark.parametrize("name", broken_files())
def test_a_file_that_is_no_run_is_a_fault(name: str, tmp_path: Path) -> None:
    path, content = tmp_path / "run.json", broken_files()[name]
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(UserError) as raised:
        read_run(path)
    assert str(path) in raised.value.faults[0].where
    for missing in (tmp_path / "none.json", tmp_path):
        with pytest.raises(UserError, match="cannot be read"):
            read_run(missing)
    assert Run.model_fields["version"].default == 1
