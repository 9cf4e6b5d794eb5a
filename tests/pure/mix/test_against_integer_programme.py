"""No answer costs more than the integer programme's, none costs less than is possible, and all of them serve."""

from __future__ import annotations

import numpy as np
import pytest

from aigc.plan.mix.answer import Mix, cheapest_mix
from aigc.plan.mix.demand import OVERLOAD
from aigc.plan.mix.workload import Workload
from tests.pure.mix.instances import random_workload, rates_of, throughputs_of, usd_of
from tests.pure.mix.integer_programme import solve

SAMPLE = range(20)
ALL = range(20, 500)
ROUNDING = 1e-7


def assert_serves(workload: Workload, mix: Mix) -> None:
    """Every bucket goes as a whole to types that can serve it, and no type gets more than its machines take."""
    rates, throughputs = rates_of(workload), throughputs_of(workload)
    arrived = np.zeros(len(rates))
    for at, machine in enumerate(workload.gpu_info):
        shares = np.ravel(mix.shares.get(machine.name, np.zeros(len(rates))))
        assert (shares >= 0).all() and not shares[(throughputs[at] == 0) | (rates == 0)].any()
        used = shares > 0
        busy = (shares[used] * rates[used] / throughputs[at][used]).sum()
        assert busy <= mix.counts[machine.name] * (1 + OVERLOAD)
        arrived += shares
    assert arrived[rates > 0] == pytest.approx(1)


def assert_no_dearer(workload: Workload, seconds: float) -> bool:
    """Hold one answer against the programme; whether that was solved to the end."""
    mix, programme = cheapest_mix(workload), solve(workload, seconds)
    assert_serves(workload, mix)
    counts = np.array([mix.counts[machine.name] for machine in workload.gpu_info])
    assert mix.usd_per_hour == pytest.approx(float(counts @ usd_of(workload)))
    assert mix.least_usd_per_hour == pytest.approx(mix.usd_per_hour), "the search was cut short"
    assert mix.usd_per_hour <= programme.usd_per_hour * (1 + ROUNDING)
    return programme.proven


@pytest.mark.parametrize("seed", SAMPLE)
def test_no_answer_costs_more_than_whole_slices(seed: int) -> None:
    assert_no_dearer(random_workload(seed, slice_factor=1 + seed % 3), seconds=3)


@pytest.mark.parametrize("seed", SAMPLE)
def test_no_answer_costs_less_than_is_possible(seed: int) -> None:
    workload = random_workload(seed)
    # Without presolve: with it, HiGHS 1.12 calls answers optimal that cost several times too much.
    possible = solve(workload, seconds=60, whole_slices=False, presolve=False)
    assert possible.proven
    assert cheapest_mix(workload).usd_per_hour == pytest.approx(possible.usd_per_hour, rel=ROUNDING)


@pytest.mark.whole
def test_no_answer_of_500_costs_more_than_whole_slices() -> None:
    proven = [assert_no_dearer(random_workload(seed, slice_factor=(1, 2, 4)[seed % 3]), seconds=10) for seed in ALL]
    assert sum(proven) > 0.9 * len(proven), "too few programmes were solved to the end for this to say something"
