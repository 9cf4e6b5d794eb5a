"""The best single type is the cheapest of the fleets that each type makes alone, and no mix costs more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet
from aigc.plan.fleet.single_type import cheapest_single_type
from aigc.plan.fleet.solver import GAP
from aigc.plan.fleet.wanted import Survival
from tests.pure.fleet.examples import LARGE, SMALL, fleet, half_full, machine, model, served
from tests.pure.fleet.test_answer import ten

EXAMPLES = settings(max_examples=12, deadline=None)


@EXAMPLES
@given(
    st.floats(0.1, 40),
    st.floats(200, 5000),
    st.lists(st.floats(0.2, 5), min_size=3, max_size=3),
    st.sampled_from([Survival.NOTHING, Survival.ZONE]),
)
def test_it_is_the_cheapest_of_all_types_alone(rate: float, p99_ms: float, usd: list[float], survive: Survival) -> None:
    wanted = fleet(model(rate=rate, p99_ms=p99_ms), survive=survive, zones=3)
    kinds = [(SMALL, 1), (LARGE, 1), (SMALL, 4)]
    rows = [machine(kind, each, count) for (kind, count), each in zip(kinds, usd, strict=True)]
    alone = [cheapest_fleet(wanted, served(wanted), half_full, [row]) for row in rows]
    costs = [one.usd_per_hour for one in alone if isinstance(one, FleetPlan)]
    found = cheapest_single_type(wanted, served(wanted), half_full, rows)
    if found is None:
        assert not costs
        return
    assert found.usd_per_hour == pytest.approx(min(costs), rel=2 * GAP)
    assert found.usd_per_hour == pytest.approx(found.count * (found.machine.usd_per_hour_on_demand or 0))
    mix = cheapest_fleet(wanted, served(wanted), half_full, rows)
    assert isinstance(mix, FleetPlan) and mix.usd_per_hour <= found.usd_per_hour * (1 + 2 * GAP)


def test_a_mix_saves_what_is_left_of_the_larger_machine() -> None:
    wanted = fleet(model(rate=50.0))
    rows = [machine(SMALL, 1.0), machine(SMALL, 3.0, count=4)]
    found = cheapest_single_type(wanted, served(wanted), ten, rows)
    mix = cheapest_fleet(wanted, served(wanted), ten, rows)
    assert found and (found.machine.machine_type, found.count, found.usd_per_hour) == (f"{SMALL}-x1", 5, 5.0)
    assert isinstance(mix, FleetPlan) and mix.usd_per_hour == 4.0


def test_none_where_each_model_needs_another() -> None:
    quotas = {f"{SMALL}-quota": 1.0, f"{LARGE}-quota": 1.0}
    wanted = fleet(model(rate=20.0), quotas=quotas)
    rows = [machine(SMALL), machine(LARGE)]
    assert cheapest_single_type(wanted, served(wanted), ten, rows) is None
    assert isinstance(cheapest_fleet(wanted, served(wanted), ten, rows), FleetPlan)
