"""Of each list every entry is better than all that cost less, and is what the problem itself costs so changed."""

from __future__ import annotations

import itertools

import pytest

from aigc.catalog.accelerators import accelerators
from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet
from aigc.plan.fleet.tradeoffs import cost_by_objective, cost_by_watts
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
