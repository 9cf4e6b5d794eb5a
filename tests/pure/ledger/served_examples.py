"""A run of real Triton as it would be, had every load been as the simulation says."""

from __future__ import annotations

from typing import Any

from aigc.plan.ledger.serving_file import ServingFile
from aigc.plan.queueing.service import ServiceTimes
from aigc.plan.queueing.shared_cores import SharedServer, closed, opened

CPU_NAME = "Any CPU, family 1 model 2"
IDLE_MS = {1: 20.0, 2: 24.0, 4: 32.0, 8: 48.0}
BUSY_MS = {size: 0.75 * ms for size, ms in IDLE_MS.items()}
OUTSIDE_MS = 1.5
BATCHING = {"max_batch_size": 8, "dynamic": True, "max_queue_delay_us": 2000, "instances": 2}
RATE = 60.0


def load(p99_factor: float = 1.0, **place: float) -> dict[str, Any]:
    """What a server does whose batches take so long, with a p99 that was measured otherwise."""
    seconds = [(12 + 3 * size) / 1000 for size in range(1, 9)]
    server = SharedServer(ServiceTimes.certain(seconds, 8), 0.002, 2, 1, OUTSIDE_MS / 1000)
    found = opened(server, RATE) if "rate" in place else closed(server, int(place["concurrency"]))
    p99_ms = 1000 * found.quantile(0.99) * p99_factor
    per_second = found.requests_per_second
    return {
        **place,
        "answers": 1000,
        "requests_per_second": per_second,
        "p50_ms": 1000 * found.quantile(0.5),
        "p99_ms": p99_ms,
        "mean_batch": found.mean_batch,
        "rounds_requests_per_second": {"low": per_second, "high": per_second},
        "rounds_p99_ms": {"low": p99_ms, "high": p99_ms},
        "core_taken_by_others": 0.01,
    }


def document(**changed: Any) -> dict[str, Any]:
    """A file of the bench, with something else in its only model."""
    model = {
        "model": "gpt",
        "request": {"tokens_in": 33, "tokens_out": 8},
        "batching": BATCHING,
        "outside_ms": OUTSIDE_MS,
        "batches": [{"batch": size, "busy_ms": BUSY_MS[size], "ms": [ms, ms, ms]} for size, ms in IDLE_MS.items()],
        "bursts": [{"requests": 8, "ms": 40.0}, {"requests": 16, "ms": 73.5}],
        "loads": [load(concurrency=1), load(concurrency=32), load(rate=RATE)],
    }
    return {
        "command": "python -m tests.bench.bench_triton_predictions",
        "commit": 40 * "a",
        "date": "2026-11-29",
        "cpu": CPU_NAME,
        "server_cores": 1,
        "rounds": 2,
        "models": [model | changed],
    }


def serving_file(**changed: Any) -> ServingFile:
    return ServingFile.model_validate(document(**changed))
