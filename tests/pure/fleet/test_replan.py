"""Changes of a fleet that can be worked out by hand: when one is made, which pool comes first, and when none is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from aigc.catalog.machines import Machine
from aigc.plan.fleet.answer import FleetPlan, RentedMachines, cheapest_fleet
from aigc.plan.fleet.infeasible import Infeasible
from aigc.plan.fleet.replan import Replanned, replanned
from aigc.plan.fleet.replan_text import render_replanned
from aigc.plan.fleet.wanted import Survival, WantedFleet
from tests.pure.fleet.examples import LARGE, SMALL, fleet, machine, model, served
from tests.pure.fleet.test_answer import ten

L4, A100 = f"{SMALL}-x1", f"{LARGE}-x1"
"""Either serves ten requests/s."""


def changed(last: Sequence[RentedMachines], wanted: WantedFleet, rows: Sequence[Machine]) -> Replanned:
    found = replanned(wanted, served(wanted), ten, last, rows)
    assert isinstance(found, Replanned)
    return found


def first(wanted: WantedFleet, rows: Sequence[Machine]) -> tuple[RentedMachines, ...]:
    found = cheapest_fleet(wanted, served(wanted), ten, rows)
    assert isinstance(found, FleetPlan)
    return found.machines


def counts(machines: Sequence[RentedMachines]) -> dict[str, int]:
    return {one.machine_type: one.count for one in machines}


def at(rate: float, **further: Any) -> WantedFleet:
    return fleet(model(rate=rate), **further)


ROWS = [machine(SMALL, 1.0), machine(LARGE, 2.0)]


def test_the_cheapest_fleet_stays() -> None:
    last = first(at(30.0), ROWS)
    found = changed(last, at(30.0), ROWS)
    assert (found.change, found.no_longer, found.machines) == (None, (), last)
    assert found.usd_per_hour == found.usd_per_hour_before == found.usd_per_hour_then == 3.0


def test_more_traffic_gets_what_it_lacks_and_says_whose_it_is() -> None:
    found = changed(first(at(30.0), ROWS), at(45.0), ROWS)
    assert found.no_longer == ("the machines that are there do not suffice for chat",)
    assert found.change and (found.change.pool.machine_type, found.change.before, found.change.after) == (L4, 3, 5)
    assert counts(found.machines) == {L4: 5} and found.to_come == () and found.usd_per_hour == 5.0


def test_a_cheaper_machine_comes_first_and_the_dear_one_goes_afterwards() -> None:
    last = first(at(30.0), ROWS)
    cheap = [machine(SMALL, 1.0), machine(LARGE, 0.5)]
    coming = changed(last, at(30.0), cheap)
    assert counts(coming.machines).keys() == {L4, A100}, "what is old serves until what is new is there"
    assert coming.usd_per_hour > coming.usd_per_hour_before > coming.usd_per_hour_then
    assert [(one.pool.machine_type, one.after) for one in coming.to_come] == [(L4, 0)]
    going = changed(coming.machines, at(30.0), cheap)
    assert set(counts(going.machines)) == {A100} and going.to_come == ()
    assert changed(going.machines, at(30.0), cheap).change is None


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"least_saving_percent": 40.0}, "is not worth one"),
        ({"least_saving_usd_per_hour": 1.1}, "is not worth one"),
        ({"move_usd": 20.0}, "would save $0 an hour"),
        ({"payback_hours": 0.5}, "would save $0 an hour"),
    ],
)
def test_a_small_saving_changes_nothing_and_says_what_a_large_one_is(rules: dict[str, float], why: str) -> None:
    cheap = [machine(SMALL, 1.0), machine(LARGE, 0.65)]
    last = first(at(28.0), ROWS)
    assert changed(last, at(28.0), cheap).change is not None
    found = changed(last, at(28.0, replan=rules), cheap)
    assert found.change is None and why in found.reason and counts(found.machines) == {L4: 3}


def test_less_traffic_lets_machines_go_only_with_room_for_it_to_come_back() -> None:
    last = first(at(30.0), ROWS)
    assert changed(last, at(19.9), ROWS).change is None
    found = changed(last, at(19.0), ROWS)
    assert found.change and (found.change.before, found.change.after) == (3, 2)


def test_without_traffic_pools_go_one_by_one() -> None:
    rows = [machine(SMALL, 1.0), machine(LARGE, 1.5, count=2)]
    last = (*first(at(10.0), rows[:1]), *first(at(10.0), rows[1:]))
    found = changed(last, at(0.0), rows)
    assert len(found.machines) == 1 and found.to_come
    assert changed(found.machines, at(0.0), rows).machines == ()


def test_a_pool_that_is_no_longer_sold_is_replaced_before_it_goes() -> None:
    last = first(at(30.0), ROWS)
    rows = [machine(SMALL, 1.0, status="retired 2026"), machine(LARGE, 2.0)]
    coming = changed(last, at(30.0), rows)
    assert coming.no_longer[0] == f"{L4}: retired: retired 2026"
    assert counts(coming.machines) == {L4: 3, A100: 3} and coming.usd_per_hour == 9.0
    going = changed(coming.machines, at(30.0), rows)
    assert counts(going.machines) == {A100: 3} and going.change and going.change.after == 0
    assert changed(going.machines, at(30.0), rows).no_longer == ()


def test_machines_beyond_a_quota_that_has_shrunk_are_replaced() -> None:
    last = first(at(30.0), ROWS)
    wanted = at(30.0, quotas={f"{SMALL}-quota": 2})
    coming = changed(last, wanted, ROWS)
    assert coming.no_longer == (f"the machines that are there exceed {SMALL}-quota, 2",)
    assert counts(coming.machines) == {L4: 3, A100: 1}
    going = changed(coming.machines, wanted, ROWS)
    assert counts(going.machines) == {L4: 2, A100: 1}
    assert changed(going.machines, wanted, ROWS).change is None


def test_where_old_and_new_have_no_room_beside_each_other_nothing_changes() -> None:
    one, four = machine(SMALL, 1.0), machine(SMALL, 1.5, count=4)
    last = first(at(40.0), [one])
    wanted = at(38.0, quotas={f"{SMALL}-quota": 7})
    found = changed(last, wanted, [one, four])
    assert found.change is None and "$1.5 an hour would do; limits leave no room" in found.reason
    roomy = changed(last, at(38.0, quotas={f"{SMALL}-quota": 8}), [one, four])
    assert counts(roomy.machines) == {L4: 4, f"{SMALL}-x4": 1}


def test_a_pool_in_one_zone_does_not_count_once_a_zone_may_be_lost() -> None:
    last = first(at(10.0), ROWS)
    found = changed(last, at(10.0, survive=Survival.ZONE, zones=2), ROWS)
    assert found.no_longer[0] == f"{L4}: all of it is in one zone, and any zone may be lost"
    assert [(one.count, one.zones) for one in found.machines] == [(2, 2), (1, 1)]


def test_a_fleet_over_zones_stays_in_them() -> None:
    wanted = at(25.0, survive=Survival.ZONE, zones=3)
    last = first(wanted, ROWS)
    assert changed(last, wanted, ROWS).change is None
    found = changed(last, at(45.0, survive=Survival.ZONE, zones=3), ROWS)
    assert found.change and all(one.count % one.zones == 0 for one in found.machines)


def test_where_nothing_serves_the_causes_are_those_of_a_first_plan() -> None:
    wanted = fleet(model(p99_ms=1.0))
    found = replanned(wanted, served(wanted), ten, first(at(10.0), ROWS), ROWS)
    assert isinstance(found, Infeasible) and found.causes[0].reason == "objective"


def test_the_text_is_a_difference() -> None:
    cheap = [machine(SMALL, 1.0), machine(LARGE, 0.5)]
    lines = render_replanned(changed(first(at(28.0), ROWS), at(28.0), cheap)).splitlines()
    assert lines[0] == "Change one pool, $3 -> $4.5 an hour: saves $1.5 an hour in the end, 6 machines move"
    assert lines[1] == f"+ 0 -> 3 x {A100} (gcp, here), on demand, $0.5"
    assert lines[-2:] == [
        "To come, if nothing else changes, until $1.5 an hour",
        f"- 3 -> 0 x {L4} (gcp, here), on demand, $1",
    ]
