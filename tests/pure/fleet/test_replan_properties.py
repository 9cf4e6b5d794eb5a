"""What holds for changes of any fleet: they settle near the optimum, a pool at a time, and none goes back and forth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from aigc.catalog.machines import Machine
from aigc.plan.fleet.answer import FleetPlan, RentedMachines, cheapest_fleet
from aigc.plan.fleet.replan import Replanned, replanned
from aigc.plan.fleet.solver import GAP
from aigc.plan.fleet.wanted import Replanning, Survival, WantedFleet
from tests.pure.fleet.examples import LARGE, SMALL, fleet, half_full, machine, model, served

EXAMPLES = settings(max_examples=12, deadline=None)
RULES = Replanning()
MOST_STEPS = 12
"""More than there are pools, twice."""
ROUNDS = 4
Fleet = tuple[RentedMachines, ...]


@dataclass(frozen=True)
class Present:
    """Prices and traffic of a day."""

    rates: tuple[float, ...]
    usd_per_hour: tuple[float, ...]
    survive: Survival = Survival.NOTHING

    def wanted(self, factor: float = 1.0) -> WantedFleet:
        models = [model(f"m{at}", factor * rate) for at, rate in enumerate(self.rates)]
        return fleet(*models, survive=self.survive, zones=2)

    def rows(self) -> list[Machine]:
        kinds = [(SMALL, 1), (LARGE, 1), (SMALL, 4)]
        return [machine(kind, usd, count) for (kind, count), usd in zip(kinds, self.usd_per_hour, strict=True)]

    def cheapest(self, factor: float = 1.0) -> FleetPlan:
        wanted = self.wanted(factor)
        found = cheapest_fleet(wanted, served(wanted), half_full, self.rows())
        assert isinstance(found, FleetPlan)
        return found

    def replanned(self, last: Sequence[RentedMachines]) -> Replanned:
        wanted = self.wanted()
        found = replanned(wanted, served(wanted), half_full, last, self.rows())
        assert isinstance(found, Replanned)
        return found

    def settled(self, last: Fleet) -> tuple[Fleet, int]:
        """The fleet once nothing changes any more, and after how many steps."""
        for steps in range(MOST_STEPS):
            found = self.replanned(last)
            if found.change is None:
                assert not found.no_longer
                return last, steps
            assert_one_pool(last, found)
            last = found.machines
        raise AssertionError("it never settles")

    def usd(self, machines: Sequence[RentedMachines]) -> float:
        """At this day's prices."""
        prices = {row.machine_type: usd for row, usd in zip(self.rows(), self.usd_per_hour, strict=True)}
        return math.fsum(one.count * prices[one.machine_type] for one in machines)


def assert_one_pool(last: Sequence[RentedMachines], found: Replanned) -> None:
    """The fleets differ in the pool that is said to change, and in no other."""
    before, after = counts(last), counts(found.machines)
    different = [key for key in before | after if before.get(key, 0) != after.get(key, 0)]
    assert found.change and different == [(found.change.pool.machine_type, found.change.pool.zones)]
    assert (before.get(different[0], 0), after.get(different[0], 0)) == (found.change.before, found.change.after)


def counts(machines: Sequence[RentedMachines]) -> dict[tuple[str, int], int]:
    return {(one.machine_type, one.zones): one.count for one in machines}


@st.composite
def presents(draw: st.DrawFn) -> Present:
    rates = draw(st.lists(st.sampled_from([0.01, 1.0, 7.0]) | st.floats(0.1, 40), min_size=1, max_size=2))
    usd = draw(st.lists(st.floats(0.2, 5), min_size=3, max_size=3))
    return Present(tuple(rates), tuple(usd), draw(st.sampled_from([Survival.NOTHING, Survival.ZONE])))


@EXAMPLES
@given(presents(), presents())
def test_steps_settle_near_the_optimum_a_pool_at_a_time(before: Present, now: Present) -> None:
    now = replace(now, survive=before.survive, rates=(now.rates * 2)[: len(before.rates)])
    last, _ = now.settled(before.cheapest().machines)
    best = now.cheapest(1 + RULES.more_traffic_percent / 100)
    different = counts(last), counts(best.machines)
    moves = sum(abs(different[0].get(key, 0) - different[1].get(key, 0)) for key in different[0] | different[1])
    least = max(RULES.least_saving_percent / 100 * now.usd(last), RULES.least_saving_usd_per_hour)
    near = best.usd_per_hour + least + moves * RULES.move_usd_per_hour
    assert now.cheapest().usd_per_hour <= now.usd(last) * (1 + 2 * GAP), "it serves, so it is no cheaper than what does"
    assert now.usd(last) <= near * (1 + 2 * GAP)


@EXAMPLES
@given(
    presents(),
    st.floats(1, 1 + RULES.more_traffic_percent / 100),
    st.lists(st.floats(0.98, 1.02), min_size=3, max_size=3),
)
def test_nothing_goes_back_and_forth_with_small_changes(one: Present, busier: float, prices: list[float]) -> None:
    usd = tuple(usd * factor for usd, factor in zip(one.usd_per_hour, prices, strict=True))
    other = replace(one, rates=tuple(busier * rate for rate in one.rates), usd_per_hour=usd)
    last, _ = one.settled(one.cheapest().machines)
    steps = []
    for _ in range(ROUNDS):
        for day in (other, one):
            last, number = day.settled(last)
            steps.append(number)
    assert not any(steps[-4:]), steps
