"""Fleets that can be worked out by hand, and every answer held against its problem in plain arithmetic."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from aigc.catalog.machines import Machine
from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet
from aigc.plan.fleet.infeasible import Infeasible
from aigc.plan.fleet.offers import offers_for
from aigc.plan.fleet.pools import undominated
from aigc.plan.fleet.rejected import Reason
from aigc.plan.fleet.wanted import Survival, WantedFleet
from aigc.plan.mix.demand import Array
from tests.pure.fleet.examples import LARGE, ON_DEMAND, SMALL, SPOT, fleet, half_full, machine, model, served, sharable

GAP = 1e-4
TEN = 10.0


def ten(batch_ms: Array, p99_ms: float) -> float:
    """Requests/s of any replica; full batches of the examples serve more."""
    return TEN


def planned(wanted: WantedFleet, rows: Sequence[Machine], largest_rate: Any = ten) -> FleetPlan:
    found = cheapest_fleet(wanted, served(wanted), largest_rate, rows)
    assert isinstance(found, FleetPlan)
    assert_serves(wanted, found, rows)
    return found


def assert_serves(wanted: WantedFleet, plan: FleetPlan, rows: Sequence[Machine]) -> None:
    """Every request is routed, no replica is overbooked, and all replicas have room."""
    for asked in wanted.models:
        placed = [one for one in plan.replicas if one.model == asked.name]
        for one in asked.classes:
            routed = sum(it.shares.get(one.name, 0.0) for it in placed)
            assert routed == pytest.approx(1.0 if asked.requests_per_second else 0.0)
        assert all(set(it.shares) <= set(it.classes) and it.utilisation <= 1 + 1e-9 for it in placed)
    held = {(one.machine.machine_type, one.share.name): one.replicas for one in offers_for(wanted, rows).offers}
    kinds = {(one.accelerator_id, one.share, one.capacity) for one in plan.replicas}
    for kind in kinds:
        room = sum(
            one.count * held[one.machine_type, one.share]
            for one in plan.machines
            if (one.accelerator_id, one.share, one.capacity) == kind
        )
        assert room >= sum(one.count for one in plan.replicas if (one.accelerator_id, one.share, one.capacity) == kind)
    usd = math.fsum(one.count * one.usd_per_hour for one in plan.machines)
    assert plan.usd_per_hour == pytest.approx(usd)
    assert plan.relaxed_usd_per_hour <= plan.usd_per_hour * (1 + 1e-9)
    assert plan.least_usd_per_hour <= plan.usd_per_hour and plan.gap <= GAP


def counts(plan: FleetPlan) -> dict[str, int]:
    return {one.machine_type: one.count for one in plan.machines}


def test_machines_carry_exactly_what_they_carry() -> None:
    assert counts(planned(fleet(model(rate=100.0)), [machine()])) == {f"{SMALL}-x1": 10}
    assert counts(planned(fleet(model(rate=100.1)), [machine()])) == {f"{SMALL}-x1": 11}
    assert counts(planned(fleet(model(rate=0.001)), [machine()])) == {f"{SMALL}-x1": 1}


def test_without_traffic_nothing_is_rented() -> None:
    plan = planned(fleet(model(rate=0.0)), [machine()])
    assert (plan.machines, plan.replicas, plan.usd_per_hour, plan.gap) == ((), (), 0.0, 0.0)


def test_what_is_left_of_a_large_machine_is_used_by_another_model() -> None:
    rows = [machine(count=4, usd=3.0), machine(usd=1.0)]
    plan = planned(fleet(model("a", rate=25.0), model("b", rate=8.0)), rows)
    assert counts(plan) == {f"{SMALL}-x4": 1} and plan.usd_per_hour == 3.0


def test_long_requests_go_where_they_are_cheap() -> None:
    short, long = model().classes
    own = (short.model_copy(update={"p99_ms": 3000.0}), long)

    def by_length(batch_ms: Array, p99_ms: float) -> float:
        # The large one is twice as fast with short requests, and six times with long ones.
        if p99_ms == 3000:
            return 20.0 if batch_ms[0] < 100 else 10.0
        return 12.0 if batch_ms[0] < 400 else 2.0

    plan = planned(fleet(model(rate=40.0, classes=own)), [machine(SMALL, 1.0), machine(LARGE, 3.0)], by_length)
    assert counts(plan) == {f"{SMALL}-x1": 3, f"{LARGE}-x1": 1}
    taken = {one.accelerator_id: dict(one.shares) for one in plan.replicas}
    assert set(taken[SMALL]) == {"short"} and taken[LARGE]["long"] == pytest.approx(1.0)


def test_several_small_models_share_one_gpu() -> None:
    small = [model(f"m{at}", rate=1.0, p99_ms=20_000.0) for at in range(4)]
    plan = planned(fleet(*small), [sharable(usd=1.0)])
    assert plan.usd_per_hour == 1.0 and all(one.share.endswith("of the time") for one in plan.machines)
    plan = planned(fleet(*small), [machine(usd=1.0)])
    assert plan.usd_per_hour == 4.0, "where GPUs are not shared, each has its own"


def test_memory_bounds_how_many_share_one_gpu() -> None:
    heavy = model().work.model_copy(update={"weight_bytes": 7e9})  # type: ignore[union-attr]
    four = [model(f"m{at}", rate=1.0, p99_ms=60_000.0, work=heavy) for at in range(4)]
    plan = planned(fleet(*four), [sharable(usd=1.0)])
    assert plan.usd_per_hour == 2.0 and {one.share for one in plan.machines} == {"1/2 of the time"}


def test_spot_is_taken_where_it_is_cheaper_after_what_is_interrupted() -> None:
    row = machine(usd=1.0, usd_per_hour_spot=0.8)
    ways = {"capacity": (ON_DEMAND, SPOT)}
    plan = planned(fleet(model(rate=100.0), **ways, spot_interrupted=0.1), [row])
    assert plan.usd_per_hour == pytest.approx(10 * 0.8 + 1), "ten at 9 requests/s, and one at 10"
    plan = planned(fleet(model(rate=100.0), **ways, spot_interrupted=0.5), [row])
    assert {one.capacity for one in plan.machines} == {ON_DEMAND} and plan.usd_per_hour == 10.0


def test_a_quota_sends_the_rest_elsewhere() -> None:
    rows = [machine(SMALL, 1.0), machine(LARGE, 3.0)]
    plan = planned(fleet(model(rate=50.0), quotas={f"{SMALL}-quota": 3}), rows)
    assert counts(plan) == {f"{SMALL}-x1": 3, f"{LARGE}-x1": 2}


def test_a_replica_of_every_zone_but_one_is_enough() -> None:
    wanted = fleet(model(rate=20.0), zones=3, survive=Survival.ZONE)
    plan = planned(wanted, [machine()])
    assert counts(plan) == {f"{SMALL}-x1": 3}, "one in each of three: two are left, where two zones would need four"
    assert {one.zones for one in plan.machines} == {3}
    assert counts(planned(fleet(model(rate=10.0), zones=3, survive=Survival.ZONE), [machine()])) == {f"{SMALL}-x1": 2}


def test_one_machine_more_than_is_needed() -> None:
    wanted = fleet(model(rate=30.0), survive=Survival.MACHINE)
    assert counts(planned(wanted, [machine()])) == {f"{SMALL}-x1": 4}
    # On machines of four, one takes four replicas with it, unless they are spread over as many machines.
    assert counts(planned(wanted, [machine(count=4, usd=2.0)])) == {f"{SMALL}-x4": 2}
    two = fleet(model("a", rate=5.0), model("b", rate=5.0), survive=Survival.MACHINE)
    assert counts(planned(two, [machine(count=4, usd=2.0)])) == {f"{SMALL}-x4": 2}


def test_of_a_machine_at_a_linear_price_the_smallest_is_enough() -> None:
    rows = [machine(count=4, usd=4.0), machine(usd=1.0), machine(count=8, usd=7.9)]
    kept = undominated(offers_for(fleet(), rows).offers)
    assert [offer.machine.accelerator_count for offer in kept] == [1, 8]


@pytest.mark.parametrize("seed", range(6))
def test_no_counts_of_machines_are_cheaper(seed: int) -> None:
    """All counts of two types, each with one accelerator, are tried for two models of one class."""
    random = np.random.default_rng(seed)
    rates = {(name, kind): float(random.integers(1, 12)) for name in ("a", "b") for kind in (SMALL, LARGE)}
    usd = {SMALL: float(random.integers(1, 6)), LARGE: float(random.integers(1, 6))}
    asked = {name: float(random.integers(1, 40)) for name in ("a", "b")}
    models = [model(name, rate, p99_ms=1e4 * (1 + (name == "b")), classes=one_class()) for name, rate in asked.items()]

    def drawn(batch_ms: Array, p99_ms: float) -> float:
        return rates["a" if p99_ms == 1e4 else "b", SMALL if batch_ms[0] > 60 else LARGE]

    plan = planned(fleet(*models), [machine(kind, each) for kind, each in usd.items()], drawn)
    cheapest = math.inf
    for a, b in itertools.product(range(41), repeat=2):
        left = [max(0.0, asked[name] - n * rates[name, SMALL]) for name, n in (("a", a), ("b", b))]
        others = [math.ceil(rest / rates[name, LARGE]) for name, rest in zip(("a", "b"), left, strict=True)]
        cheapest = min(cheapest, (a + b) * usd[SMALL] + sum(others) * usd[LARGE])
    assert plan.usd_per_hour == pytest.approx(cheapest)


def one_class() -> tuple[Any, ...]:
    short, _ = model().classes
    return (short.model_copy(update={"share": 1.0}),)


def none(wanted: WantedFleet, rows: Sequence[Machine], largest_rate: Any = half_full) -> Infeasible:
    found = cheapest_fleet(wanted, served(wanted), largest_rate, rows)
    assert isinstance(found, Infeasible)
    return found


def test_an_objective_that_nothing_meets_is_named_with_the_least_that_would_do() -> None:
    wanted = fleet(model("fine"), model("late", p99_ms=5.0))
    found = none(wanted, [machine(SMALL), machine(LARGE)], ten)
    assert {(cause.models, cause.reason) for cause in found.causes} == {(("late",), Reason.OBJECTIVE)}
    wording = str(found.causes[0].relaxation)
    assert LARGE in wording
    least_ms = float(wording.split()[1])
    eased = model("late").classes[0].model_copy(update={"share": 1.0, "p99_ms": least_ms})
    assert isinstance(planned(fleet(model("late", classes=(eased,))), [machine(LARGE)]), FleetPlan)


def test_memory_that_is_lacking_is_named() -> None:
    heavy = model().work.model_copy(update={"weight_bytes": 100e9})  # type: ignore[union-attr]
    found = none(fleet(model("heavy", work=heavy)), [machine(SMALL), machine(LARGE)])
    assert {cause.reason for cause in found.causes} == {Reason.MEMORY}
    assert f"{LARGE} (whole) lacks 20.01 GB" in str(found.causes[0].relaxation)


def test_a_quota_that_is_too_small_is_named_with_the_least_raise() -> None:
    found = none(fleet(model(rate=50.0), quotas={f"{SMALL}-quota": 3}), [machine(SMALL)], ten)
    (cause,) = found.causes
    assert (cause.models, cause.reason) == (("chat",), Reason.QUOTA)
    assert cause.relaxation == f"raise {SMALL}-quota from 3 to 5"
    rows = [machine(SMALL), machine(LARGE)]
    limits = {f"{SMALL}-quota": 0, f"{LARGE}-quota": 1}
    each = none(fleet(model(rate=50.0), quotas=limits), rows, ten).causes
    assert {cause.relaxation for cause in each} == {
        f"raise {SMALL}-quota from 0 to 4",
        f"raise {LARGE}-quota from 1 to 5",
    }


def test_where_nothing_can_be_rented_the_reasons_are_counted() -> None:
    (cause,) = {one.sentence for one in none(fleet(), [machine(usd=None), machine(status="retired 2020")]).causes}
    assert cause == "no machine can be rented: 1 price unknown, 1 retired"
