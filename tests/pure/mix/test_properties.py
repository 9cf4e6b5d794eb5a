"""What holds for the cost of any workload: more choice never costs more, more traffic never less."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc.plan.mix.answer import cheapest_mix
from aigc.plan.mix.demand import Array
from tests.pure.mix.instances import workload_of

pytestmark = pytest.mark.whole
ROUNDING = 1e-7
EXAMPLES = settings(max_examples=40, deadline=None)
NUMBERS = st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 7.0, 10.0]) | st.floats(0.05, 20)


@dataclass(frozen=True)
class Problem:
    """A workload in arrays, of which one thing can be changed."""

    distribution: Array
    throughputs: Array
    usd_per_hour: Array
    requests_per_second: float

    def cost(self) -> float:
        workload = workload_of(self.distribution, self.throughputs, self.usd_per_hour, self.requests_per_second)
        mix = cheapest_mix(workload)
        assert mix.least_usd_per_hour <= mix.usd_per_hour * (1 + ROUNDING)
        return mix.usd_per_hour


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    types, rows, columns = draw(st.integers(2, 4)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    cells = rows * columns
    weights = draw(st.lists(st.integers(0, 4), min_size=cells, max_size=cells).filter(any))
    throughputs = draw(st.lists(NUMBERS | st.just(0.0), min_size=types * cells, max_size=types * cells))
    able = np.array(throughputs).reshape(types, rows, columns)
    able[0][(able == 0).all(axis=0)] = 1.0
    usd = draw(st.lists(NUMBERS, min_size=types, max_size=types))
    shares = np.array(weights).reshape(rows, columns) / sum(weights)
    return Problem(shares, able, np.array(usd), draw(st.sampled_from([0.0, 0.1, 1.0, 10.0]) | st.floats(0, 300)))


@EXAMPLES
@given(problems(), st.floats(0.1, 1), st.integers(0, 1))
def test_a_cheaper_machine_never_costs_more(problem: Problem, factor: float, at: int) -> None:
    usd = problem.usd_per_hour.copy()
    usd[at] *= factor
    assert replace(problem, usd_per_hour=usd).cost() <= problem.cost() * (1 + ROUNDING)


@EXAMPLES
@given(problems())
def test_one_more_machine_type_never_costs_more(problem: Problem) -> None:
    fewer = replace(problem, throughputs=problem.throughputs[:-1], usd_per_hour=problem.usd_per_hour[:-1])
    if not fewer.throughputs.any(axis=0).all():
        fewer.throughputs[0][~fewer.throughputs.any(axis=0)] = 0.7
        problem.throughputs[0][:] = fewer.throughputs[0]
    assert problem.cost() <= fewer.cost() * (1 + ROUNDING)


@EXAMPLES
@given(problems(), st.floats(1, 3))
def test_more_traffic_never_costs_less(problem: Problem, factor: float) -> None:
    more = replace(problem, requests_per_second=problem.requests_per_second * factor)
    assert problem.cost() <= more.cost() * (1 + ROUNDING)


@EXAMPLES
@given(problems())
def test_the_order_of_machine_types_is_of_no_consequence(problem: Problem) -> None:
    turned = replace(problem, throughputs=problem.throughputs[::-1], usd_per_hour=problem.usd_per_hour[::-1])
    assert abs(turned.cost() - problem.cost()) <= ROUNDING * problem.cost()
