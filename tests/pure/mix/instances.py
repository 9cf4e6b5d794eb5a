"""Random workloads, and what one of them says in arrays."""

from __future__ import annotations

import numpy as np

from aigc.plan.mix.demand import Array
from aigc.plan.mix.workload import Workload


def random_workload(seed: int, slice_factor: int = 8) -> Workload:
    """2 to 8 machine types, 1 to 10 x 10 buckets, 0.1 to 500 requests/s; every bucket can be served by some type.

    Half of them have throughputs without order; in the others longer requests are slower, dearer machines faster, and
    some types cannot serve some buckets.
    """
    random = np.random.default_rng(seed)
    types, rows, columns = int(random.integers(2, 9)), int(random.integers(1, 11)), int(random.integers(1, 11))
    shape = (types, rows, columns)
    if random.random() < 0.5:
        throughputs, usd = random.uniform(0.05, 20, shape), random.uniform(0.2, 10, types)
    else:
        power = np.exp(random.uniform(0, 3, types))
        usd = 0.5 * power * np.exp(random.normal(0, 0.25, types))
        work = 0.2 * 2.0 ** np.arange(rows)[:, None] ** random.uniform(0.6, 1) + 2.0 ** (0.8 * np.arange(columns))
        throughputs = 30 * power[:, None, None] / work * np.exp(random.normal(0, 0.2, shape))
        throughputs[1:][random.random((types - 1, rows, columns)) < 0.1] = 0
    distribution = random.dirichlet(np.full(rows * columns, 0.5)).reshape(rows, columns)
    # Half of the rates are of a small service: evenly drawn, nearly all would be of a large one.
    rate = random.uniform(0.1, 500) if random.random() < 0.5 else np.exp(random.uniform(np.log(0.1), np.log(500)))
    return workload_of(distribution, throughputs, usd, float(rate), slice_factor)


def workload_of(
    distribution: Array, throughputs: Array, usd_per_hour: Array, requests_per_second: float, slice_factor: int = 8
) -> Workload:
    """The workload of arrays; machine types are called m0, m1, ..."""
    return Workload.model_validate(
        {
            "workload_distribution": distribution.tolist(),
            "gpu_info": [
                {"name": f"m{at}", "cost": float(usd), "tputs": each.tolist()}
                for at, (usd, each) in enumerate(zip(usd_per_hour, throughputs, strict=True))
            ],
            "total_request_rate": requests_per_second,
            "slice_factor": slice_factor,
        },
        strict=False,
    )


def rates_of(workload: Workload) -> Array:
    """Requests/s by bucket, row after row."""
    return np.ravel(workload.workload_distribution) * workload.total_request_rate


def throughputs_of(workload: Workload) -> Array:
    """Requests/s of one machine: types x buckets."""
    return np.array([np.ravel(machine.tputs) for machine in workload.gpu_info])


def usd_of(workload: Workload) -> Array:
    """$ an hour of one machine, by type."""
    return np.array([machine.cost for machine in workload.gpu_info])
