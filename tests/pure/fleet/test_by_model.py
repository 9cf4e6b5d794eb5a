"""Taken apart, a fleet costs what it costs as a whole; a model alone is covered as cheaply as any counts cover it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc.catalog.machines import Machine
from aigc.plan.fleet import cover
from aigc.plan.fleet.candidates import candidates_for
from aigc.plan.fleet.cover import Columns, cheapest_cover
from aigc.plan.fleet.offers import offers_for
from aigc.plan.fleet.search import Search
from aigc.plan.fleet.solver import GAP
from aigc.plan.fleet.wanted import Survival, WantedFleet
from tests.pure.fleet.examples import LARGE, SMALL, fleet, half_full, machine, model, served, sharable

EXAMPLES = settings(max_examples=25, deadline=None)
KINDS = st.sampled_from([(SMALL, 1), (SMALL, 4), (LARGE, 1), (LARGE, 2)])
CUT = st.sampled_from([machine().k8s_resource, sharable().k8s_resource])


@st.composite
def machines(draw: st.DrawFn) -> list[Machine]:
    """Of one type each, some of them with GPUs that may be cut."""
    kinds = draw(st.lists(KINDS, min_size=1, max_size=3, unique=True))
    return [machine(kind, draw(st.floats(0.2, 5)) * count**0.8, count, k8s_resource=draw(CUT)) for kind, count in kinds]


@st.composite
def fleets(draw: st.DrawFn) -> WantedFleet:
    rates = draw(st.lists(st.sampled_from([0.01, 1.0, 7.0]) | st.floats(0.1, 40), min_size=1, max_size=3))
    p99_ms = draw(st.floats(200, 20_000))
    models = [model(f"m{at}", rate, p99_ms * (1 + at)) for at, rate in enumerate(rates)]
    return fleet(*models, survive=draw(st.sampled_from(Survival)), zones=2)


def search(wanted: WantedFleet, rows: list[Machine]) -> Search:
    offers = offers_for(wanted, rows).offers
    return Search(wanted, candidates_for(served(wanted), offers, half_full).candidates, offers)


@pytest.mark.whole
@EXAMPLES
@given(fleets(), machines())
def test_taken_apart_a_fleet_costs_what_it_costs_as_a_whole(wanted: WantedFleet, rows: list[Machine]) -> None:
    apart, whole = search(wanted, rows).by_model(), search(wanted, rows).as_a_whole()
    if apart is None or whole is None:
        assert apart is whole
        return
    (_, best), (_, same) = apart, whole
    assert best.relaxed_cost <= same.cost * (1 + 1e-9), "its bound holds for what it has ruled out too"
    assert best.claimed_cost <= same.cost * (1 + 1e-9) and same.claimed_cost <= best.cost * (1 + 1e-9)
    if all(one.claimed_cost >= one.cost * (1 - GAP) for one in (best, same)):
        assert best.cost == pytest.approx(same.cost, rel=2 * GAP)


columns = st.tuples(st.floats(0.1, 5), st.sampled_from([0.0, 0.5, 2.0]), st.floats(0.2, 1), st.floats(0.2, 1))


def tried(given_columns: Columns) -> float:
    """The least that any counts cost."""
    each = [range(int(most) + 1) for most in given_columns.most]
    all_counts = np.array(list(itertools.product(*each)), np.float64)
    enough = (all_counts @ given_columns.gains.T >= 1 - 1e-9).all(axis=1)
    costs = all_counts @ given_columns.each + (all_counts > 0) @ given_columns.once
    return float(costs[enough].min(initial=np.inf))


def columns_of(drawn: list[tuple[float, float, float, float]], blind: bool) -> Columns:
    each, once, first, second = np.array(drawn).T
    gains = np.array([first, second, np.minimum(1.0, (first + second) / 2)])
    gains[0, 0] = 0.0 if blind else gains[0, 0]
    return Columns(each, once, np.ceil(1 / np.minimum(first, second)), gains)


@settings(max_examples=100, deadline=None)
@given(st.lists(columns, min_size=1, max_size=4), st.booleans(), st.lists(st.floats(0, 9), min_size=3, max_size=3))
def test_a_cover_is_the_cheapest_whatever_its_rows_are_held_to_be_worth(
    drawn: list[tuple[float, float, float, float]], blind: bool, worth: list[float]
) -> None:
    asked = columns_of(drawn, blind)
    found = cheapest_cover(asked, np.array(worth))
    if found is None:
        assert tried(asked) == np.inf
        return
    assert found.cost == pytest.approx(tried(asked)) and found.bound == pytest.approx(found.cost)
    assert (asked.gains @ found.counts >= 1 - 1e-9).all()


def test_a_search_that_is_cut_short_has_an_answer_and_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    gains = random.uniform(0.05, 0.1, (3, 12))
    asked = Columns(random.uniform(1, 2, 12), np.zeros(12), np.full(12, 20.0), gains)
    monkeypatch.setattr(cover, "MOST_NODES", 5)
    found = cheapest_cover(asked, np.zeros(3))
    assert found is not None and (gains @ found.counts >= 1 - 1e-9).all()
    assert found.bound < found.cost == pytest.approx(float(asked.each @ found.counts))
