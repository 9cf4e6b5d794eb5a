"""How long the cheapest mix takes beside the straightforward integer programme, on the same random workloads.

    python -m tests.bench.bench_mix          writes tests/bench/results/mix.json

Both are asked in turn, in this process, and timed by its processor time: no ratio compares two days or two machines.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from aigc.plan.mix.answer import cheapest_mix
from tests.bench.intervals import ratio_of_medians
from tests.bench.result_file import RESULTS, with_arguments, write_result
from tests.pure.mix.instances import random_workload
from tests.pure.mix.integer_programme import solve

COMMAND = "python -m tests.bench.bench_mix"
SLICE_FACTOR = 8
PROGRAMME_SECONDS = 30.0
"""Then the programme is cut short; what it found by then must not be cheaper either."""
SEED = 7

T = TypeVar("T")


def timed(ask: Callable[[], T]) -> tuple[float, T]:
    """Milliseconds of the processor, and the answer."""
    started = time.process_time()
    answer = ask()
    return 1000 * (time.process_time() - started), answer


def measured(workloads: int) -> dict[str, Any]:
    """Ask both for each workload.

    Raises:
        AssertionError: an answer costs more than the programme's.
    """
    mix_ms, programme_ms, savings, unproven = [], [], [], 0
    cheapest_mix(random_workload(0))  # loads the solver
    for seed in range(workloads):
        workload = random_workload(seed, SLICE_FACTOR)
        took_ms, mix = timed(partial(cheapest_mix, workload))
        mix_ms.append(took_ms)
        took_ms, programme = timed(partial(solve, workload, PROGRAMME_SECONDS))
        programme_ms.append(took_ms)
        unproven += not programme.proven
        if mix.usd_per_hour > programme.usd_per_hour * (1 + 1e-7):
            raise AssertionError(f"workload {seed}: {mix.usd_per_hour} > {programme.usd_per_hour} $ an hour")
        savings.append(1 - mix.usd_per_hour / programme.usd_per_hour)
    return {
        "workloads": workloads,
        "slice_factor": SLICE_FACTOR,
        "mix_ms": spread(mix_ms),
        "programme_ms": spread(programme_ms),
        "programmes_cut_short": unproven,
        "ratio_of_medians": ratio_of_medians(programme_ms, mix_ms, SEED).rounded(2),
        "cheaper_percent": {
            "workloads": round(100 * float(np.mean(np.array(savings) > 1e-6)), 1),
            "most": round(100 * max(savings), 1),
        },
    }


def spread(values_ms: Sequence[float]) -> dict[str, float]:
    """The middle and the slow end."""
    p50, p95 = np.quantile(values_ms, [0.5, 0.95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2), "max": round(max(values_ms), 2)}


def main(arguments: Sequence[str]) -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--workloads", type=int, default=500, help="how many random workloads")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    asked = parser.parse_args(arguments)
    write_result("mix", with_arguments(COMMAND, arguments), measured(asked.workloads), asked.out)


if __name__ == "__main__":
    main(sys.argv[1:])
