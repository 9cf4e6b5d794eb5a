"""What an answer's requests take, and what a file may rule out for a model."""

from __future__ import annotations

import pytest

from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet
from aigc.plan.fleet.infeasible import Infeasible
from aigc.plan.fleet.predicted import predicted_latency
from aigc.plan.fleet.queue_rate import largest_rate
from aigc.plan.fleet.rejected import Reason
from aigc.plan.fleet.text import render_fleet
from aigc.plan.fleet.wanted import WantedModel
from tests.pure.fleet.examples import LARGE, SHORT, SMALL, fleet, half_full, machine, model, served

ROWS = [machine(SMALL, 1.0), machine(LARGE, 0.5)]


def answer(*models: WantedModel) -> FleetPlan:
    wanted = fleet(*models)
    found = cheapest_fleet(wanted, served(wanted), half_full, ROWS)
    assert isinstance(found, FleetPlan)
    return found


def test_requests_of_an_answer_are_within_the_objective_at_the_load_it_has() -> None:
    wanted = fleet(model(rate=20.0, p99_ms=400.0))
    found = cheapest_fleet(wanted, served(wanted), largest_rate, ROWS)
    assert isinstance(found, FleetPlan)
    for one in found.replicas:
        predicted = predicted_latency(one)
        assert one.batch_ms[0] <= predicted.p50_ms <= predicted.p99_ms <= 400.0 * 1.001
        assert predicted.in_flight >= one.requests_per_second * one.batch_ms[0] / 1000


def test_a_million_requests_cost_the_fleet_for_as_long_as_they_take() -> None:
    found = answer(model(rate=10.0), model("other", rate=15.0))
    assert found.usd_per_million == pytest.approx(found.usd_per_hour / (25 * 3600) * 1e6)
    assert answer(model(rate=0.0)).usd_per_million is None


@pytest.mark.parametrize("name", [SMALL, f"{SMALL} (whole)"])
def test_a_model_runs_on_the_accelerators_that_it_is_given(name: str) -> None:
    free, bound = answer(model(rate=20.0)), answer(model(rate=20.0, accelerators=(name,)))
    assert {one.accelerator_id for one in free.replicas} == {LARGE}
    assert {one.accelerator_id for one in bound.replicas} == {SMALL}
    assert bound.usd_per_hour > free.usd_per_hour
    assert Reason.LEFT_OUT in [one.reason for one in bound.rejected_shares]


def test_replicas_of_one_endpoint_take_every_class() -> None:
    apart, together = model(rate=200.0), model(rate=200.0, one_endpoint=True)
    assert any(len(one.classes) == 1 for one in answer(apart).replicas)
    assert {one.classes for one in answer(together).replicas} == {("short", "long")}
    assert answer(together).usd_per_hour >= answer(apart).usd_per_hour


def test_a_class_that_no_endpoint_serves_beside_the_others_is_a_cause() -> None:
    tight = {"name": "tight", "share": 0.5, "p99_ms": 60, "request": SHORT}
    long = {"name": "long", "share": 0.5, "request": SHORT.model_copy(update={"tokens_out": 5000})}
    wanted = fleet(model(p99_ms=600_000.0, classes=(tight, long), one_endpoint=True))
    found = cheapest_fleet(wanted, served(wanted), half_full, ROWS)
    assert isinstance(found, Infeasible)
    assert {cause.reason for cause in found.causes} == {Reason.OBJECTIVE}


def test_emissions_are_power_times_the_grid_and_unknown_where_either_is() -> None:
    wanted = fleet(model(rate=20.0))
    for region, cloud, known in (("us-central1", "gcp", True), ("nowhere", "gcp", False), ("us-east-1", "aws", False)):
        rows = [machine(SMALL, 1.0, price_region=region, cloud=cloud)]
        found = cheapest_fleet(wanted, served(wanted), half_full, rows)
        assert isinstance(found, FleetPlan) and found.watts is not None
        expected = pytest.approx(found.watts * 431.95 / 1000) if known else None
        assert found.grams_co2e_per_hour == expected
        assert ("gCO2e not known" in render_fleet(found)) is not known
