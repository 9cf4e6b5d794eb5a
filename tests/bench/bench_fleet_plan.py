"""How long the cheapest fleet of 50 models takes, over all machines of the catalog on three clouds.

    python -m tests.bench.bench_fleet_plan          writes tests/bench/results/fleet_plan.json

Timed is the processor time of this process. Rates are by a rule that takes no time, unless `--queue` asks the queue.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aigc.catalog.model_work import ModelWork, Precision, UnitWork
from aigc.plan.cost_model.request import Request
from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet
from aigc.plan.fleet.candidates import LargestRate
from aigc.plan.fleet.queue_rate import largest_rate
from aigc.plan.fleet.wanted import RequestClass, WantedFleet, WantedModel
from aigc.plan.mix.demand import Array
from tests.bench.bench_mix import timed
from tests.bench.result_file import RESULTS, with_arguments, write_result
from tests.pure.fleet.examples import half_full, served

COMMAND = "python -m tests.bench.bench_fleet_plan"
MIB_OF_KIB = 1024
SEED = 7


def models_of(number: int, seed: int) -> list[WantedModel]:
    """Models of 0.1 to 30 billion parameters in 16 bit, 0.05 to 50 requests/s, three short requests in four."""
    random = np.random.default_rng(seed)
    return [_model(at, random) for at in range(number)]


def _model(at: int, random: np.random.Generator) -> WantedModel:
    parameters = float(np.exp(random.uniform(np.log(1e8), np.log(3e10))))
    tokens_in, tokens_out = int(random.integers(50, 400)), int(random.integers(10, 100))
    # An objective that an accelerator of 1 TB/s meets with room, whatever the size.
    long_s = 4 * tokens_out * (2 * parameters / 1e12 + 0.0005)
    return WantedModel(
        name=f"m{at}",
        requests_per_second=float(np.exp(random.uniform(np.log(0.05), np.log(50)))),
        p99_ms=1000 * long_s * random.uniform(2, 8),
        classes=(
            RequestClass(name="short", share=0.75, request=Request(tokens_in=tokens_in, tokens_out=tokens_out)),
            RequestClass(name="long", share=0.25, request=Request(tokens_in=4 * tokens_in, tokens_out=4 * tokens_out)),
        ),
        work=ModelWork(
            precision=Precision.FP16_BF16,
            weight_bytes=2 * parameters,
            kv_cache_bytes_per_token=2e-5 * parameters,
            token_in=UnitWork(flops=2 * parameters, activation_bytes=0),
            token_out=UnitWork(flops=2 * parameters, activation_bytes=0),
        ),
    )


class Counted:
    """A rule for rates, and how often it was asked."""

    def __init__(self, rule: LargestRate) -> None:
        self.rule, self.asked, self.milliseconds = rule, 0, 0.0

    def __call__(self, batch_ms: Array, p99_ms: float) -> float:
        self.asked += 1
        took_ms, rate = timed(partial(self.rule, batch_ms, p99_ms))
        self.milliseconds += took_ms
        return rate


def measured(number: int, rule: LargestRate) -> dict[str, Any]:
    """One fleet.

    Raises:
        AssertionError: no fleet serves the models.
    """
    wanted = WantedFleet(models=tuple(models_of(number, SEED)))
    counted = Counted(rule)
    took_ms, plan = timed(lambda: cheapest_fleet(wanted, served(wanted), counted))
    if not isinstance(plan, FleetPlan):
        raise AssertionError(f"no fleet: {plan.causes}")
    return {
        "models": number,
        "seconds": round(took_ms / 1000, 2),
        "seconds_of_rates": round(counted.milliseconds / 1000, 2),
        "rates_asked": counted.asked,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MIB_OF_KIB,
        "usd_per_hour": plan.usd_per_hour,
        "gap_percent": round(100 * plan.gap, 4),
        "gap_by_arithmetic_percent": round(100 * (1 - plan.relaxed_usd_per_hour / plan.usd_per_hour), 2),
        "machines": sum(one.count for one in plan.machines),
        "machine_types": len(plan.machines),
        "replicas": sum(one.count for one in plan.replicas),
    }


def main(arguments: Sequence[str]) -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--models", type=int, default=50, help="how many random models")
    parser.add_argument("--queue", action="store_true", help="ask the queue for rates")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    asked = parser.parse_args(arguments)
    started = time.monotonic()
    result = measured(asked.models, largest_rate if asked.queue else half_full)
    sys.stdout.write(f"{result} in {time.monotonic() - started:.1f} s by the clock\n")
    write_result("fleet_plan", with_arguments(COMMAND, arguments), result, asked.out)


if __name__ == "__main__":
    main(sys.argv[1:])
