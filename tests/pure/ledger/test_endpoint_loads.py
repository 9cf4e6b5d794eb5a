"""Loads of endpoints in the ledger: errors worked out by hand, their median and worst, reasons, text and document."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from aigc.plan.ledger.endpoint_load import Basis, EndpointLoad, NotPredicted, Predicted
from aigc.plan.ledger.endpoint_report import endpoint_scores, is_missed, loads_json, reason_of
from aigc.plan.ledger.endpoint_text import render_loads
from aigc.plan.ledger.scores import Errors
from aigc.plan.ledger.serving_file import Loop
from tests.pure.ledger.served_examples import CPU_NAME

WAY = "the way through gateway and mux"


def load(predicted: Predicted | NotPredicted | None = None, **changed: Any) -> EndpointLoad:
    """50 answers a second, half of them within 20 ms and 99% within 40."""
    given: dict[str, Any] = {
        "file": "run.json",
        "model": "gpt",
        "loop": Loop(rate=50.0),
        "requests_per_second": 50.0,
        "p50_ms": 20.0,
    }
    given |= {"p99_ms": 40.0, "doubts": (), "predicted": predicted or prediction()}
    return EndpointLoad(**(given | changed))


def prediction(**changed: Any) -> Predicted:
    """10% too many, p50 half of what it is, p99 as it is."""
    given = {"basis": Basis.BATCHES, "source": "serving.json", "hardware": CPU_NAME, "requests_per_second": 55.0}
    return Predicted(**(given | {"p50_ms": 10.0, "p99_ms": 40.0, "left_out": (WAY,)} | changed))


NOTHING = NotPredicted(reason="batches were measured on another processor", hardware=CPU_NAME)
UNBOUND = {"p50_ms": None, "p99_ms": None, "without_bound": True}


def test_errors_are_shares_of_what_was_measured() -> None:
    assert load().errors == pytest.approx({"requests_per_second": 0.1, "p50_ms": -0.5, "p99_ms": 0.0})
    few = load(p99_ms=None, requests_per_second=0.0)
    assert (few.error("p99_ms"), few.error("requests_per_second")) == (None, None)
    assert load(prediction(p99_ms=None)).error("p99_ms") is None
    assert set(load(NOTHING).errors.values()) == {None}
    unbounded = load(prediction(**UNBOUND))
    assert unbounded.error("p99_ms") == math.inf
    assert unbounded.errors["p99_ms"] is None


def test_a_score_is_the_median_size_and_the_worst_of_a_model_on_its_hardware() -> None:
    rows = [
        load(), load(requests_per_second=110.0), load(prediction(**UNBOUND), requests_per_second=44.0), load(NOTHING),
        load(loop=Loop(concurrency=8)), load(prediction(hardware="nvidia-l4", basis=Basis.STACK_FILE)),
    ]  # fmt: skip
    first, closed, other = endpoint_scores(rows)
    assert (first.model, first.hardware, first.loop, first.basis) == ("gpt", CPU_NAME, "open", Basis.BATCHES)
    assert (first.loads, first.missed, first.without_bound) == (3, 3, 1)
    # +10%, -50% and +25%
    assert first.requests_per_second is not None
    assert (first.requests_per_second.median, first.requests_per_second.worst) == pytest.approx((0.25, -0.5))
    assert first.p50_ms == Errors(0.5, -0.5)
    assert (closed.loop, closed.loads) == ("closed", 1)
    assert (other.hardware, other.basis) == ("nvidia-l4", Basis.STACK_FILE)


def test_each_quantity_can_miss_and_the_measurement_is_doubted_first() -> None:
    met = prediction(requests_per_second=59.0, p50_ms=17.0, p99_ms=47.0)
    assert not is_missed(load(met))
    for quantity in ("requests_per_second", "p50_ms", "p99_ms"):
        assert is_missed(load(met.model_copy(update={quantity: 200.0})))
    assert is_missed(load(prediction(**UNBOUND)))
    assert not is_missed(load(NOTHING))
    assert reason_of(load()) == f"not in the prediction: {WAY}"
    assert reason_of(load(prediction(left_out=()))) == "not explained by what was left out"
    assert reason_of(load(doubts=("interrupted", "busy"))) == "interrupted; busy"


def test_a_person_sees_each_load_its_errors_and_why() -> None:
    text = render_loads([load(), load(NOTHING, file="b.json", loop=Loop(concurrency=8)), load(prediction(**UNBOUND))])
    assert f"Endpoints under load on {CPU_NAME}, against what was predicted before" in text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "gpt open, 50 a second batches 55 50 +10% 10 20 -50% 40 40 +0%" in lines
    assert "gpt closed, 8 - - 50 - - 20 - - 40 -" in lines
    assert "gpt open, 50 a second batches 55 50 +10% - 20 no bound - 40 no bound" in lines
    assert (
        "gpt, open loop by batches: throughput 10% at the median, +10% at worst; p50 50% at the median, -50% at worst; "
        "p99 0% at the median, +0% at worst, latencies without a bound for 1; 2 of 2 off by more than 20%"
    ) in lines
    assert f"gpt, open, 50 a second (run.json): not in the prediction: {WAY}" in lines
    assert f"gpt, closed, 8 (b.json): {NOTHING.reason}" in lines


def test_hardware_that_nobody_names_is_called_so() -> None:
    text = render_loads([load(NotPredicted(reason="no stack is named")), load()])
    assert text.index("on hardware that is not known") < text.index(f"on {CPU_NAME}")
    assert "gpt, open loop by batches" in text


def test_the_document_has_all_of_it() -> None:
    found = [load(), load(NOTHING, file="b.json"), load(prediction(**UNBOUND), loop=Loop(concurrency=8))]
    document = json.loads(json.dumps(loads_json(found), allow_nan=False))
    first, second, third = document["rows"]
    assert (first["file"], first["model"], first["hardware"], first["loop"]) == ("run.json", "gpt", CPU_NAME, "open")
    assert (first["rate"], first["requests_per_second"], first["predicted"]["p50_ms"]) == (50.0, 50.0, 10.0)
    assert first["errors"] == pytest.approx({"requests_per_second": 0.1, "p50_ms": -0.5, "p99_ms": 0.0})
    assert second["predicted"]["reason"] == NOTHING.reason
    assert (third["concurrency"], third["errors"]["p99_ms"]) == (8, None)
    assert [one["file"] for one in document["misses"]] == ["run.json", "run.json"]
    assert [(one["loop"], one["p99_ms"]) for one in document["scores"]] == [
        ("open", {"median": 0.0, "worst": 0.0}), ("closed", None)
    ]  # fmt: skip
