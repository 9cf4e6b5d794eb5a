"""Answers that can be checked by hand, and the parts of the search where a slip would cost money unseen."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from aigc.plan.mix.answer import cheapest_mix
from aigc.plan.mix.candidates import candidates
from aigc.plan.mix.cuts import Cuts
from aigc.plan.mix.demand import Array, Demand, demand_of, undominated
from aigc.plan.mix.routes import even_routes
from aigc.plan.mix.search import Search
from tests.pure.mix.instances import random_workload, rates_of, throughputs_of, usd_of, workload_of

ONE = np.ones((1, 1))


def demand_from(seed: int) -> Demand:
    workload = random_workload(seed)
    return demand_of(rates_of(workload), throughputs_of(workload), usd_of(workload))


def answer(throughputs: list[list[float]], usd: list[float], rates: list[float]) -> dict[str, float]:
    total = sum(rates)
    shares = np.array([[rate / total for rate in rates]])
    return cheapest_mix(workload_of(shares, np.array(throughputs)[:, None, :], np.array(usd), total)).as_json()


def test_ten_machines_carry_exactly_what_ten_machines_carry() -> None:
    assert answer([[10.0]], [0.7], [100.0]) == {"m0": 10, "cost": 7.0}
    assert answer([[0.1]], [0.1], [0.3]) == {"m0": 3, "cost": 0.3}
    assert answer([[10.0]], [0.7], [100.1]) == {"m0": 11, "cost": 7.7}


def test_each_bucket_goes_where_it_is_cheap() -> None:
    found = answer([[10.0, 1.0], [1.0, 10.0]], [1.0, 1.0], [20.0, 30.0])
    assert found == {"m0": 2, "m1": 3, "cost": 5.0}


def test_the_last_half_machine_is_a_small_one() -> None:
    assert answer([[10.0], [4.0]], [2.5, 1.1], [23.0]) == {"m0": 2, "m1": 1, "cost": 6.1}


def test_a_bucket_is_divided_where_whole_slices_would_cost_a_machine_more() -> None:
    # 1.5 machines of either type: undivided it needs 2 of one, divided 1 of each; m2 fills what m1 has left.
    found = answer([[2.0, 0.0], [2.0, 1.0]], [1.0, 1.2], [3.0, 0.5])
    assert found == {"m0": 1, "m1": 1, "cost": 2.2}


def test_without_traffic_nothing_is_rented() -> None:
    mix = cheapest_mix(workload_of(ONE, np.full((2, 1, 1), 3.0), np.ones(2), 0.0))
    assert mix.as_json() == {"m0": 0, "m1": 0, "cost": 0.0}
    assert (mix.least_usd_per_hour, mix.utilisation, mix.shares) == (0.0, {}, {})


def test_of_sizes_at_a_linear_price_the_smallest_is_enough() -> None:
    each = np.array([[1.0, 2.0], [2.0, 4.0], [8.0, 16.0], [8.0, 16.1]])
    demand = demand_of(np.ones(2), each, np.array([1.0, 2.0, 8.0, 8.0]))
    assert undominated(demand) == [0, 3]


def test_two_types_that_are_the_same_are_one() -> None:
    assert len(undominated(demand_of(np.ones(1), np.full((3, 1), 2.0), np.ones(3)))) == 1


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_what_prices_rule_out_no_routing_serves(seed: int) -> None:
    demand = demand_from(seed)
    random = np.random.default_rng(seed)
    cuts, ruled_out = Cuts(demand), 0
    for _ in range(20):
        counts = np.ceil(random.exponential(3, demand.types)) * (random.random(demand.types) < 0.6)
        if demand.serves[counts > 0].any(axis=0).all() and cuts.price_out(counts):
            ruled_out += 1
            assert cuts.weights[-1] @ counts < cuts.needed[-1]
            assert even_routes(demand, counts).fullest > 1
    assert (cuts.weights @ np.ceil(demand.finite_load.sum(axis=1) + 1) >= cuts.needed).all(), "all of all types suffice"


def test_the_list_is_all_counts_that_the_cuts_allow() -> None:
    demand = Demand(np.array([1.0, 1.7, 2.3]), np.array([[1.2, np.inf], [0.8, 2.0], [0.4, 0.9]]))
    cuts = Cuts(demand)
    cuts.add(demand.paid(demand.usd_per_hour))
    low, high = np.array([0.0, 1.0, 0.0]), np.array([4.0, 3.0, 2.0])
    found = candidates(cuts, low, high, below_usd=7.1)
    every = [np.array(one, np.float64) for one in itertools.product(range(5), range(1, 4), range(3))]
    right = [n for n in every if demand.usd_per_hour @ n < 7.1 and (cuts.weights @ n >= cuts.needed).all()]
    assert found is not None and len(right) > 5
    assert sorted(map(tuple, found)) == sorted(map(tuple, right))
    assert (np.diff(found @ demand.usd_per_hour) > -1e-9).all()


def large(seed: int) -> Demand:
    """Eight types, 100 buckets and 500 requests/s: too much to list at once."""
    random = np.random.default_rng(seed)
    each = random.uniform(0.05, 20, (8, 100))
    return demand_of(random.dirichlet(np.full(100, 0.5)) * 500, each, random.uniform(0.2, 10, 8))


def run(demand: Demand) -> tuple[float, float, Array]:
    search = Search(demand)
    search.run()
    return search.usd_per_hour, search.least_usd, search.counts


def test_parting_finds_what_listing_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [run(demand_from(seed))[0] for seed in range(0, 40, 4)]

    def few(cuts: Cuts, low: Array, high: Array, below_usd: float) -> Array | None:
        found = candidates(cuts, low, high, below_usd)
        return found if found is not None and len(found) <= 1 else None

    monkeypatch.setattr("aigc.plan.mix.search.candidates", few)
    assert [run(demand_from(seed))[0] for seed in range(0, 40, 4)] == pytest.approx(listed)


def test_a_search_that_is_cut_short_says_what_it_has_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    demand = large(1)
    best, proven, _ = run(demand)
    assert proven == pytest.approx(best)
    monkeypatch.setattr("aigc.plan.mix.search.MOST_BOXES", 1)
    usd, least_usd, counts = run(demand)
    assert least_usd <= best <= usd and least_usd < usd * (1 - 1e-6)
    assert even_routes(demand, counts).fullest <= 1.0 + 1e-9
