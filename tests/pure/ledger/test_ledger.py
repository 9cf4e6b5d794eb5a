"""Predictions are blind to their own measurement, errors are those worked out by hand, and causes are found again."""

from __future__ import annotations

import pytest

from aigc.catalog.model_work import ModelWork, UnitWork
from aigc.plan.cost_model.estimate import Estimate
from aigc.plan.cost_model.phases import PhaseName
from aigc.plan.cost_model.profiles import Profile
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.request import Request
from aigc.plan.cost_model.roofline import ASSUMED, Efficiency, Parameter
from aigc.plan.cost_model.served_work import ServedWork
from aigc.plan.ledger.causes import cause_of, misses
from aigc.plan.ledger.entries import Entry, Method, entries, of_method
from aigc.plan.ledger.report import as_json
from aigc.plan.ledger.scores import ALL_MODELS, MISSED, is_missed, scores
from aigc.plan.ledger.text import render_ledger
from tests.pure.cost_model.examples import SERVED
from tests.pure.ledger.examples import ACCELERATORS, MODELS, READING, SMALL, WRITING, measured

TRUTH = Efficiency(0.3, 0.6, 2.0)


def ledger(profiles: list[Profile]) -> list[Entry]:
    return list(entries(profiles, MODELS, ACCELERATORS))


def predicted_ms(found: list[Entry]) -> list[float]:
    return [one.predicted.latency_ms for one in found if isinstance(one.predicted, Estimate)]


def test_what_other_models_show_predicts_a_model_that_was_never_measured() -> None:
    found = ledger([*measured(SERVED, TRUTH), *measured(SMALL, TRUTH)])
    for one in of_method(found, Method.CALIBRATED):
        assert one.latency_error == pytest.approx(0, abs=0.02)
        assert one.throughput_error == pytest.approx(0, abs=0.02)
    # Reading is bound by arithmetic, of which 0.5 is assumed where 0.3 is reached.
    (assumed,) = [
        one for one in of_method(found, Method.ASSUMED)
        if (one.measured.model, one.measured.request, one.measured.batch) == (SERVED.model, READING, 8)
    ]  # fmt: skip
    assert assumed.latency_error == pytest.approx(0.3 / 0.5 - 1, rel=0.01)
    assert assumed.throughput_error == pytest.approx(0.5 / 0.3 - 1, rel=0.01)


def test_a_prediction_does_not_know_what_it_is_held_against() -> None:
    others = [*measured(SMALL, TRUTH)]
    before = ledger([*measured(SERVED, TRUTH), *others])
    after = ledger([*measured(SERVED, TRUTH, slower=3.0), *others])
    of_served = [[one for one in found if one.measured.model == SERVED.model] for found in (before, after)]
    assert predicted_ms(of_served[0]) == predicted_ms(of_served[1])
    assert [one.latency_error for one in of_served[0]] != [one.latency_error for one in of_served[1]]


def test_a_model_without_known_work_is_counted_as_not_predicted() -> None:
    strange = [one.model_copy(update={"model": "strange"}) for one in measured(SERVED, TRUTH)]
    found = ledger([*measured(SMALL, TRUTH), *strange])
    score = next(one for one in scores(found) if one.model == "strange")
    assert (score.rows, score.not_predicted, score.missed, score.latency) == (9, 9, 0, None)
    unknown = next(one for one in found if one.measured.model == "strange")
    assert unknown.predicted == Rejection("the work of strange is not known")
    assert "9" in render_ledger(found)


def test_scores_are_the_median_size_and_the_worst_with_its_sign() -> None:
    found = ledger([*measured(SERVED, TRUTH), *measured(SMALL, TRUTH)])
    for score in scores(found):
        rows = [
            one for one in of_method(found, score.method) if score.model in {one.measured.model, ALL_MODELS}
        ]  # fmt: skip
        sizes = sorted((abs(one.latency_error or 0.0), one.latency_error) for one in rows)
        assert score.rows == len(rows)
        assert score.latency is not None
        assert score.latency.worst == sizes[-1][1]
        middle = [size for size, _ in sizes[(len(sizes) - 1) // 2 : len(sizes) // 2 + 1]]
        assert score.latency.median == pytest.approx(sum(middle) / len(middle))
        assert score.missed == sum(map(is_missed, rows))


@pytest.mark.parametrize(
    ("truth", "asked", "phase", "parameter", "seen"),
    [
        (Efficiency(0.2, 0.8, 0.45), READING, PhaseName.PREFILL, Parameter.COMPUTE, 0.2),
        (Efficiency(0.5, 0.4, 0.45), WRITING, PhaseName.DECODE, Parameter.MEMORY, 0.4),
    ],
)
def test_the_cause_is_what_was_otherwise(
    truth: Efficiency, asked: Request, phase: PhaseName, parameter: Parameter, seen: float
) -> None:
    found = ledger([*measured(SERVED, truth)])
    profiles = [one.measured for one in found]
    missed = [one for one in of_method(found, Method.ASSUMED) if one.measured.request == asked]
    assert missed
    for one in missed:
        assert is_missed(one)
        cause = cause_of(one, profiles)
        assert cause is not None
        assert (cause.phase, cause.parameter) == (phase, parameter)
        assert cause.seen == pytest.approx(seen, rel=1e-6)


def test_an_overhead_that_is_longer_than_the_whole_step_is_the_cause() -> None:
    assert isinstance(SMALL.work, ModelWork)
    little = UnitWork(flops=1e6, activation_bytes=1e3)
    work = SMALL.work.model_copy(
        update={"weight_bytes": 1e6, "kv_cache_bytes_per_token": 0.0, "token_out": little}
    )  # fmt: skip
    tiny = {"tiny": ServedWork("tiny", work)}
    quick = Efficiency(ASSUMED.compute, ASSUMED.memory, 0.1)
    found = list(entries([*measured(tiny["tiny"], quick)], tiny, ACCELERATORS))
    writing = [one for one in of_method(found, Method.ASSUMED) if one.measured.request == WRITING]
    causes = [cause_of(one, [row.measured for row in found]) for one in writing]
    for cause in causes:
        assert cause is not None
        assert (cause.phase, cause.parameter, cause.taken) == (PhaseName.DECODE, Parameter.STEP_OVERHEAD_MS, 0.45)
        assert cause.seen == pytest.approx(0.1, rel=1e-6)


def test_where_the_first_token_was_not_measured_alone_no_cause_is_named() -> None:
    rows = [one for one in measured(SERVED, TRUTH) if one.request == WRITING]
    found = ledger(rows)
    missed = [one for one in misses(found) if one.method is Method.ASSUMED]
    assert [one.cause for one in missed] == [None]
    assert "which phase is off was not measured" in render_ledger(found)


def test_every_missed_row_is_under_one_cause() -> None:
    found = ledger([*measured(SERVED, TRUTH), *measured(SMALL, TRUTH, slower=1.5)])
    assert sum(one.rows for one in misses(found)) == sum(map(is_missed, found))
    document = as_json(found)
    assert sum(one["rows"] for one in document["misses"]) == sum(map(is_missed, found))
    assert len(document["rows"]) == len(found) / 2
    for row in document["rows"]:
        error = row["predicted"]["assumed"]["latency_error"]
        assert error == pytest.approx(row["predicted"]["assumed"]["latency_ms"] / row["latency_ms"] - 1, abs=1e-3)
    assert f"missed by more than {MISSED:.0%}" in render_ledger(found)
