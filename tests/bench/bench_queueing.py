"""How far predicted percentiles of dynamic batching are from simulated ones, and how long a prediction takes.

    python -m tests.bench.bench_queueing          writes tests/bench/results/queueing.json

Random servers and loads: one or several instances, times of batches from constant to nearly proportional to the size,
certain or within 15% of their mean. A simulation of a busy server needs many requests before its own p99 is known.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aigc.plan.queueing.batch_queue import BatchQueue
from aigc.plan.queueing.service import ServiceTimes
from tests.bench.result_file import RESULTS, with_arguments, write_result
from tests.pure.queueing.simulation import poisson_arrivals, simulated

COMMAND = "python -m tests.bench.bench_queueing"
LOADS = (0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95)
MAX_BATCHES = (1, 2, 4, 8, 16, 32, 64)
DELAYS = (0.0, 0.002, 0.005, 0.02)
SECONDS = ((0.01, 0.0), (0.01, 0.001), (0.01, 0.003), (0.002, 0.008))
"""Of a batch: whatever its size, and for each of its requests."""
NEARLY_PROPORTIONAL = SECONDS[-1]
FACTORS = np.array([0.85, 0.95, 1.05, 1.15])
BUSY = 0.9
MISSED = 0.2


@dataclass(frozen=True)
class Case:
    """One server at one load, with what was predicted over what was simulated, less 1."""

    queue: BatchQueue
    load: float
    proportional: bool
    p50_error: float
    p99_error: float
    batch_error: float
    prediction_ms: float


def measured_case(seed: int) -> Case:
    """Draw a server and a load, predict and simulate."""
    generator = np.random.default_rng(seed)
    max_batch, load = int(generator.choice(MAX_BATCHES)), float(generator.choice(LOADS))
    fixed, each = SECONDS[generator.integers(len(SECONDS))]
    factors = FACTORS if generator.integers(2) else np.ones(1)
    seconds = (fixed + each * np.arange(1, max_batch + 1))[:, None] * factors
    times = ServiceTimes.of(seconds, np.full(len(factors), 1 / len(factors)))
    queue = BatchQueue(times, max_batch, float(generator.choice(DELAYS)), int(generator.integers(1, 5)))
    rate = load * queue.most_per_second
    started = time.process_time()
    predicted = queue.predict(rate)
    took_ms = 1000 * (time.process_time() - started)
    found = simulated(queue, poisson_arrivals(rate, requests(load, max_batch), seed))
    return Case(
        queue,
        load,
        (fixed, each) == NEARLY_PROPORTIONAL,
        predicted.p50_seconds / found.quantile(0.5) - 1,
        predicted.p99_seconds / found.quantile(0.99) - 1,
        predicted.mean_batch / found.mean_batch - 1,
        took_ms,
    )


def requests(load: float, max_batch: int) -> int:
    """How many to simulate: the busier the server and the smaller its batches, the longer its queue is remembered."""
    if load < BUSY:
        return 40_000 * min(4, 1 + max_batch // 16)
    return 1_500_000 if load > BUSY and max_batch <= 8 else 300_000


def summary(cases: Sequence[Case]) -> dict[str, Any]:
    """Of some cases: how many, and the errors of each quantity."""
    errors = {
        "p50": np.array([case.p50_error for case in cases]),
        "p99": np.array([case.p99_error for case in cases]),
        "mean_batch": np.array([case.batch_error for case in cases]),
    }
    return {"cases": len(cases)} | {
        name: {
            "median": round(float(np.median(np.abs(found))), 3),
            "p90": round(float(np.quantile(np.abs(found), 0.9)), 3),
            "lowest": round(float(found.min()), 3),
            "highest": round(float(found.max()), 3),
            "missed_by_a_fifth": int((np.abs(found) > MISSED).sum()),
        }
        for name, found in errors.items()
    }


def measured(count: int) -> dict[str, Any]:
    """All cases, parted by what a prediction is worth for."""
    cases = [measured_case(seed) for seed in range(count)]
    several = [case for case in cases if case.queue.instances > 1]
    groups = {
        "one_instance": [case for case in cases if case.queue.instances == 1],
        "several_instances": [case for case in several if not case.proportional],
        "several_instances_nearly_proportional": [case for case in several if case.proportional],
    }
    p50, p95 = np.quantile([case.prediction_ms for case in cases], [0.5, 0.95])
    return {name: summary(group) for name, group in groups.items() if group} | {
        "prediction_ms": {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}
    }


def main(arguments: Sequence[str]) -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=240, help="how many random servers and loads")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    asked = parser.parse_args(arguments)
    write_result("queueing", with_arguments(COMMAND, arguments), measured(asked.cases), asked.out)


if __name__ == "__main__":
    main(sys.argv[1:])
