"""Real Triton in the ledger: predictions know times of batches alone, errors are those worked out by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.faults import UserError
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.ledger.serving import Way, served_bursts, served_loads, times_of
from aigc.plan.ledger.serving_file import read_serving
from aigc.plan.ledger.serving_report import as_json, is_missed, reason_of, scores_of
from aigc.plan.ledger.serving_text import render_serving
from scripts.__main__ import main
from scripts.load.prediction import SERVING
from tests.pure.ledger.served_examples import BATCHING, BUSY_MS, CPU_NAME, IDLE_MS, RATE, document, load, serving_file

QUANTITIES = ("requests_per_second", "p50_ms", "p99_ms", "mean_batch")


def known(found: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Without what is None: an approximate None is refused."""
    return {name: found[name] for name in names if found[name] is not None}


def test_the_kept_predictions_are_what_the_planner_says_now() -> None:
    kept = json.loads(SERVING.read_text())
    now = as_json(read_serving(SERVING))
    stale = "the planner predicts otherwise: write `predicted` anew with bench_triton_predictions --again"
    assert [one["model"] for one in kept["predicted"]["loads"]] == [one["model"] for one in now["loads"]]
    for was, found in zip(kept["predicted"]["loads"], now["loads"], strict=True):
        of_load, now_of_load = (known(one, QUANTITIES) for one in (was, found))
        assert of_load == pytest.approx(now_of_load, rel=0.02), stale
    for was, found in zip(kept["predicted"]["scores"], now["scores"], strict=True):
        for errors, now_errors in zip(
            *(known(one, ("throughput", "p99")).values() for one in (was, found)), strict=True
        ):
            assert errors == pytest.approx(now_errors, rel=0.02, abs=0.005), stale
        assert was["without_bound"] == found["without_bound"], stale


def test_a_server_that_is_as_its_batches_say_is_predicted() -> None:
    found = list(served_loads(serving_file()))
    assert [(one.load.concurrency, one.load.rate, one.way) for one in found] == [
        (1, None, Way.SIMULATION), (32, None, Way.SIMULATION), (None, RATE, Way.SIMULATION), (None, RATE, Way.QUEUEING)
    ]  # fmt: skip
    for one in found[:3]:
        for quantity in QUANTITIES:
            assert one.error(quantity) == pytest.approx(0, abs=1e-6)
    throughput = found[3].error("requests_per_second")
    assert throughput == pytest.approx(0, abs=0.02)


def test_predictions_do_not_know_what_they_are_held_against() -> None:
    slow = [load(p99_factor=3.0, concurrency=1), load(p99_factor=3.0, concurrency=32), load(p99_factor=3.0, rate=RATE)]
    before, after = (list(served_loads(serving_file(**changed))) for changed in ({}, {"loads": slow}))
    assert [one.expected for one in before] == [one.expected for one in after]
    assert [one.error("p99_ms") for one in after[:3]] == pytest.approx([1 / 3 - 1] * 3)
    assert all(map(is_missed, after))


def test_times_are_measured_ones_with_their_spread_and_never_fall() -> None:
    spread = [{"batch": size, "busy_ms": BUSY_MS[size], "ms": [0.5 * ms, ms, 1.5 * ms]} for size, ms in IDLE_MS.items()]
    times = times_of(serving_file(batches=spread).models[0], CPU_NAME)
    assert not isinstance(times, Rejection)
    # A third of repetitions takes half as long, one half longer; of a batch of 3 between those of 2 and 4.
    assert times.means[[0, 2, 7]] * 1000 == pytest.approx([15.0, 21.0, 36.0])
    assert sorted(set(times.seconds[0] * 1000)) == pytest.approx([7.5, 15.0, 22.5], rel=0.02)
    falling = [{"batch": size, "busy_ms": ms, "ms": [ms]} for size, ms in ((1, 20.0), (2, 30.0), (8, 25.0))]
    flat = times_of(serving_file(batches=falling).models[0], CPU_NAME)
    assert not isinstance(flat, Rejection)
    assert flat.means[[1, 7]] * 1000 == pytest.approx([30.0, 30.0])


def test_without_times_of_a_batch_nothing_is_predicted_and_the_unknown_is_named() -> None:
    file = serving_file(batches=[{"batch": 1, "busy_ms": 15.0, "ms": [20.0]}])
    reason = f"the memory of {CPU_NAME} is not known"
    assert {one.expected for one in served_loads(file)} == {Rejection(reason)}
    assert {one.expected_ms for one in served_bursts(file)} == {Rejection(reason)}
    assert [(one.loads, one.missed, one.throughput) for one in scores_of(list(served_loads(file)))] == [
        (2, 0, None), (1, 0, None), (1, 0, None)
    ]  # fmt: skip
    text = render_serving(file)
    assert reason in text
    assert "closed loop by simulation: not predicted" in text


def test_requests_at_once_are_predicted_where_they_do_not_fit_one_batch() -> None:
    (burst,) = served_bursts(serving_file())
    # Two full batches of 36 ms share the core, and 1.5 ms are outside.
    assert burst.burst.requests == 16
    assert burst.expected_ms == pytest.approx(73.5)
    assert burst.error == pytest.approx(0)
    lone = {**BATCHING, "dynamic": False}
    bursts = list(served_bursts(serving_file(batching=lone)))
    # Without batching each takes 15 ms of the core.
    assert [one.expected_ms for one in bursts] == pytest.approx([8 * 15 + 1.5, 16 * 15 + 1.5])


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"core_taken_by_others": 0.4}, "others had 40% of the server's core meanwhile"),
        ({"answers": 100}, "100 answers are too few for a p99"),
        ({"rounds_p99_ms": {"low": 10.0, "high": 13.0}}, "rounds of the same load are apart: p99 10 to 13 ms"),
        ({"mean_batch": 2.0}, "batches of 2.00 were formed, predicted were"),
        ({}, "not explained by the times of batches"),
    ],
)
def test_what_missed_is_named_with_its_reason(changed: dict[str, Any], reason: str) -> None:
    file = serving_file(loads=[load(p99_factor=2.0, concurrency=32) | changed])
    (one,) = served_loads(file)
    assert is_missed(one)
    assert reason_of(one, file.models[0]).startswith(reason)
    (miss,) = as_json(file)["misses"]
    assert (miss["model"], miss["concurrency"], miss["way"]) == ("gpt", 32, "simulation")
    assert miss["reason"].startswith(reason)
    assert f"gpt, closed, 32, by simulation: {reason}" in render_serving(file)


def test_the_document_has_a_row_for_each_prediction() -> None:
    file = serving_file(loads=[load(p99_factor=2.0, concurrency=32), load(rate=RATE)])
    found = as_json(file)
    assert [(one["model"], one["way"]) for one in found["loads"]] == [
        ("gpt", "simulation"), ("gpt", "simulation"), ("gpt", "queueing")
    ]  # fmt: skip
    assert found["loads"][0]["errors"]["p99_ms"] == pytest.approx(-0.5, abs=1e-3)
    assert {one["loop"]: one["missed"] for one in found["scores"]}["closed"] == 1
    assert found["bursts"] == [{"model": "gpt", "requests": 16, "ms": 73.5, "error": pytest.approx(0, abs=1e-3)}]


def test_more_than_can_be_done_has_no_bound_in_either_way() -> None:
    # Full batches of 8 in 36 ms are 222.2 a second.
    file = serving_file(loads=[load(rate=RATE) | {"rate": 250.0}])
    found = list(served_loads(file))
    assert [one.error("p99_ms") for one in found] == [math.inf, math.inf]
    assert all(map(is_missed, found))
    assert [(one.without_bound, one.p99) for one in scores_of(found)] == [(1, None), (1, None)]
    rows = json.loads(json.dumps(as_json(file), allow_nan=False))["loads"]
    assert [(row["p99_ms"], row["errors"]["p99_ms"]) for row in rows] == [(None, None)] * 2
    assert rows[0]["requests_per_second"] == pytest.approx(8 / 0.036, rel=0.01)
    assert "none has a bound" in render_serving(file)


def test_the_verb_says_it_beside_the_accelerators(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "serving.json"
    path.write_text(json.dumps(document()))
    assert main(["ledger", "--serving", str(path)]) == 0
    text = capsys.readouterr().out
    assert "nvidia-h200-141gb, by roofline" in text
    assert f"Real Triton on 1 core of {CPU_NAME}, 2026-11-29" in text


@pytest.mark.parametrize(
    ("loads", "problem"),
    [
        ([load(concurrency=1) | {"rate": 2.0}], "a load has a concurrency or a rate"),
        ([load(concurrency=1) | {"p99_ms": -1}], "greater than 0"),
    ],
)
def test_a_fault_names_its_place_and_the_way_out(loads: list[Any], problem: str, tmp_path: Path) -> None:
    path = tmp_path / "serving.json"
    path.write_text(json.dumps(document(loads=loads)))
    with pytest.raises(UserError) as raised:
        read_serving(path)
    (fault,) = raised.value.faults
    assert "models[0].loads[0]" in fault.where
    assert problem in fault.problem
    assert "bench_triton_predictions" in fault.way_out
