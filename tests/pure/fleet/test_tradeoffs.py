"""Of each list every entry is better than all that cost less, and is what the problem itself costs so changed."""

from __future__ import annotations

import itertools

import pytest

from aigc.catalog.accelerators import accelerators
from aigc.catalog.grid_carbon import grams_co2e_per_kwh
from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet
from aigc.plan.fleet.infeasible import Infeasible
from aigc.plan.fleet.tradeoffs import cost_by_grams_co2e, cost_by_objective, cost_by_watts
from tests.pure.fleet.examples import LARGE, SMALL, fleet, half_full, machine, model, served

ROWS = [machine(SMALL, 1.0), machine(LARGE, 0.5), machine("tpu-v5e", 0.1)]


def test_a_looser_objective_is_listed_only_where_it_saves() -> None:
    wanted = fleet(model(rate=20.0))
    found = cost_by_objective(wanted, served(wanted), half_full, ROWS, factors=(0.01, 0.5, 1.0, 4.0))
    assert 0.01 not in [one.factor for one in found], "nothing meets a hundredth"
    assert all(a.factor < b.factor and a.usd_per_hour > b.usd_per_hour for a, b in itertools.pairwise(found))
    plan = cheapest_fleet(wanted, served(wanted), half_full, ROWS)
    assert isinstance(plan, FleetPlan)
    assert {one.factor: one.usd_per_hour for one in found}.get(1.0, plan.usd_per_hour) == plan.usd_per_hour


def test_fewer_watts_cost_more_and_unknown_ones_are_left_out() -> None:
    wanted = fleet(model(rate=20.0))
    found = cost_by_watts(wanted, served(wanted), half_full, ROWS)
    assert len(found) > 1
    assert all(a.watts > b.watts and a.usd_per_hour <= b.usd_per_hour for a, b in itertools.pairwise(found))
    each = {accelerators()[kind].tdp_w for kind in (SMALL, LARGE)}
    assert any(one.watts == pytest.approx(a * 72 + b * 400) for one in found for a in range(99) for b in range(9))
    assert each == {72, 400}


def test_a_cleaner_grid_costs_more_and_an_unknown_one_is_left_out() -> None:
    coal, water = (0.001 * 72 * (grams_co2e_per_kwh("gcp", region) or 0) for region in ("us-east4", "europe-west9"))
    assert coal > water > 0
    rows = [
        machine(SMALL, 1.0, machine_type="on-coal", price_region="us-east4"),
        machine(SMALL, 1.5, machine_type="on-water", price_region="europe-west9"),
        machine(SMALL, 0.1, machine_type="unknown", price_region="here"),
    ]
    wanted = fleet(model(rate=20.0))
    found = cost_by_grams_co2e(wanted, served(wanted), half_full, rows)
    assert len(found) > 1
    assert all(
        a.grams_co2e_per_hour > b.grams_co2e_per_hour and a.usd_per_hour < b.usd_per_hour
        for a, b in itertools.pairwise(found)
    )
    count = found[0].usd_per_hour
    assert found[0].grams_co2e_per_hour == pytest.approx(count * coal), "the cheapest is on coal alone"
    cleanest = found[-1]
    assert cleanest.grams_co2e_per_hour >= count * water * (1 - 1e-9)
    limited = wanted.model_copy(update={"most_grams_co2e_per_hour": cleanest.grams_co2e_per_hour})
    plan = cheapest_fleet(limited, served(wanted), half_full, rows)
    assert isinstance(plan, FleetPlan)
    assert plan.usd_per_hour == cleanest.usd_per_hour
    assert {one.machine_type for one in plan.machines} <= {"on-coal", "on-water"}


def test_emissions_that_are_too_few_are_named_with_the_fewest_that_would_do() -> None:
    wanted = fleet(model(rate=20.0), most_grams_co2e_per_hour=1e-3)
    rows = [machine(SMALL, 1.0, price_region="europe-west9")]
    answer = cheapest_fleet(wanted, served(wanted), half_full, rows)
    assert isinstance(answer, Infeasible)
    (cause,) = answer.causes
    assert "most_grams_co2e_per_hour" in str(cause)
