"""What holds for the cost of any fleet: more choice and looser objectives never cost more, more traffic never less."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from aigc.catalog.machines import Machine
from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet
from aigc.plan.fleet.solver import GAP
from aigc.plan.fleet.wanted import Survival, WantedFleet
from tests.pure.fleet.examples import LARGE, SMALL, fleet, half_full, machine, model, served

EXAMPLES = settings(max_examples=12, deadline=None)


@dataclass(frozen=True)
class Problem:
    """A fleet's problem of which one thing can be changed."""

    rates: tuple[float, ...]
    p99_ms: float
    usd_per_hour: tuple[float, ...]
    survive: Survival

    def cost(self) -> float:
        """$ an hour; as much as it can be where nothing serves."""
        found = cheapest_fleet(self.wanted(), served(self.wanted()), half_full, self.rows())
        return found.usd_per_hour if isinstance(found, FleetPlan) else float("inf")

    def wanted(self) -> WantedFleet:
        models = [model(f"m{at}", rate, self.p99_ms) for at, rate in enumerate(self.rates)]
        return fleet(*models, survive=self.survive, zones=2)

    def rows(self) -> list[Machine]:
        kinds = [(SMALL, 1), (LARGE, 1), (SMALL, 4)]
        each = zip(kinds, self.usd_per_hour, strict=False)
        return [machine(kind, usd, count) for (kind, count), usd in each]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    rates = draw(st.lists(st.sampled_from([0.01, 1.0, 7.0]) | st.floats(0.1, 40), min_size=1, max_size=2))
    usd = draw(st.lists(st.floats(0.2, 5), min_size=3, max_size=3))
    return Problem(tuple(rates), draw(st.floats(200, 20_000)), tuple(usd), draw(st.sampled_from(Survival)))


def no_more(less: float, more: float) -> bool:
    """Up to what both searches may leave unproven."""
    return less <= more * (1 + 2 * GAP)


@EXAMPLES
@given(problems(), st.floats(1, 4))
def test_a_looser_objective_never_costs_more(problem: Problem, factor: float) -> None:
    assert no_more(replace(problem, p99_ms=problem.p99_ms * factor).cost(), problem.cost())


@EXAMPLES
@given(problems(), st.floats(0.1, 1), st.integers(0, 2))
def test_a_cheaper_machine_never_costs_more(problem: Problem, factor: float, at: int) -> None:
    usd = list(problem.usd_per_hour)
    usd[at] *= factor
    assert no_more(replace(problem, usd_per_hour=tuple(usd)).cost(), problem.cost())


@EXAMPLES
@given(problems())
def test_one_more_machine_type_never_costs_more(problem: Problem) -> None:
    assert no_more(problem.cost(), replace(problem, usd_per_hour=problem.usd_per_hour[:-1]).cost())


@EXAMPLES
@given(problems(), st.floats(1, 3), st.integers(0, 2))
def test_more_traffic_never_costs_less(problem: Problem, factor: float, at: int) -> None:
    rates = [rate * factor if which == at else rate for which, rate in enumerate(problem.rates)]
    assert no_more(problem.cost(), replace(problem, rates=tuple(rates)).cost())


@EXAMPLES
@given(problems())
def test_what_may_break_never_costs_less(problem: Problem) -> None:
    nothing, a_machine, a_zone = (replace(problem, survive=one).cost() for one in Survival)
    assert no_more(nothing, a_machine) and no_more(nothing, a_zone)
