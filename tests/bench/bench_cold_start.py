"""A request that finds its model at zero replicas, stage by stage, beside the start of the bare server.

    python -m tests.bench.bench_cold_start          writes tests/bench/results/cold_start.json

The request goes the real way: gateway, activator, autoscaler, Kubernetes, pod. It is sent to a copy of the stack's
service that waits 6 s before it goes to zero, which is the shortest that Knative takes. Between two of them the same
Triton is started in a pod of its own; its start is from its first process to its first yes on /v2/health/ready.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from aigc.catalog.labels import MODELS_NAMESPACE
from aigc.plan.validation import plan_of
from scripts.load.percentiles import order_statistic
from scripts.model.client import GatewayEndpoint, Protocol, infer_text
from scripts.stacks import LOCAL_STACK
from tests.bench.intervals import ratio_of_medians
from tests.bench.knative_copy import knative_copy, pods_of
from tests.bench.pod_times import PodWatch, container_started_at, triton_serves_at, watched
from tests.bench.result_file import RESULTS, with_arguments, write_result
from tests.bench.servers import Bench, running, wait_for

COMMAND = "python -m tests.bench.bench_cold_start"
NAME = "bench-cold"
BARE_NAME = "bench-bare"
MODEL = "gpt"
TO_ZERO = {
    "autoscaling.knative.dev/window": "6s",
    "autoscaling.knative.dev/scale-to-zero-pod-retention-period": "0s",
    "autoscaling.knative.dev/min-scale": "0",
    "autoscaling.knative.dev/initial-scale": "0",
}
ZERO_SECONDS = 120.0
MOST_SECONDS = 1200.0
"""No further start is begun after so long: 20 take 14 min, for a pod drains half a minute before the next may start."""
SEED = 7


@dataclass(frozen=True)
class ColdStart:
    """Seconds of each stage; they follow one another and add up to what the sender waited."""

    request_to_pod: float
    """Gateway, activator, autoscaler and the controllers, until the API server has the pod."""
    pod_to_node: float
    """The scheduler."""
    node_to_process: float
    """Kubelet and containerd, until the first process of Triton's container."""
    process_to_serving: float
    """Triton loads its models."""
    serving_to_answer: float
    """Mux, queue-proxy and activator notice it, and the request itself is answered."""
    total: float
    request_to_ready: float
    """Until the pod's Ready condition, which an answer need not wait for."""


@dataclass(frozen=True)
class BareStart:
    """Seconds of a bare server's start."""

    server: float
    """From its first process to the first yes."""
    pod: float
    """From asking for its pod to the first yes."""


def cold_start(bench: Bench, gateway: GatewayEndpoint, seen: PodWatch) -> ColdStart:
    """One request from zero replicas."""
    known = set(seen.seen)
    asked_at = time.time()
    infer_text(gateway, MODEL, "The package ", 1, Protocol.GRPC)
    answered_at = time.time()
    wait_for(lambda: [name for name in seen.seen if name not in known and seen.seen[name].ready], ZERO_SECONDS, "a pod")
    (name,) = (name for name in seen.seen if name not in known)
    stages = seen.seen[name]
    process_at = container_started_at(bench, name, "triton")
    serves_at = triton_serves_at(bench.workloads.container_log(MODELS_NAMESPACE, name, "triton"))
    return ColdStart(
        request_to_pod=stages.created - asked_at,
        pod_to_node=stages.scheduled - stages.created,
        node_to_process=process_at - stages.scheduled,
        process_to_serving=serves_at - process_at,
        serving_to_answer=answered_at - serves_at,
        total=answered_at - asked_at,
        request_to_ready=stages.ready - asked_at,
    )


def bare_start(bench: Bench) -> BareStart:
    """One start of Triton alone."""
    with running(bench, bench.endpoint(MODEL), BARE_NAME) as server:
        return BareStart(server.ready_at - server.process_at, server.ready_at - server.asked_at)


def measure_starts(bench: Bench, starts: int) -> tuple[list[ColdStart], list[BareStart]]:
    """So many of both in turn, or fewer when time is over."""
    cold: list[ColdStart] = []
    bare: list[BareStart] = []
    deadline = time.monotonic() + MOST_SECONDS
    with knative_copy(bench, bench.endpoint(MODEL), NAME, TO_ZERO) as gateway, watched(bench, NAME) as seen:
        while len(cold) < starts and time.monotonic() < deadline:
            wait_for(lambda: not pods_of(bench, NAME), ZERO_SECONDS, f"{NAME} is at zero")
            cold.append(cold_start(bench, gateway, seen))
            bare.append(bare_start(bench))  # while Knative waits whether another request comes
    return cold, bare


def in_words(starts: Sequence[ColdStart] | Sequence[BareStart]) -> dict[str, dict[str, float]]:
    """Median and 95th percentile of each stage."""
    found = {}
    for stage in fields(starts[0]):
        ascending = np.sort(np.array([getattr(one, stage.name) for one in starts], np.float64))
        median, p95 = (round(order_statistic(ascending, quantile), 3) for quantile in (0.5, 0.95))
        found[stage.name] = {"median_seconds": median, "p95_seconds": p95}
    return found


def result_of(cold: Sequence[ColdStart], bare: Sequence[BareStart]) -> dict[str, Any]:
    """Both kinds of start, and how much longer the cold one takes."""
    totals = [one.total for one in cold]
    return {
        "starts": len(cold),
        "cold_start": in_words(cold),
        "bare_server": in_words(bare),
        "ratio_to_bare_server": ratio_of_medians(totals, [one.server for one in bare], SEED).rounded(2),
        "ratio_to_bare_pod": ratio_of_medians(totals, [one.pod for one in bare], SEED).rounded(2),
    }


def main(arguments: Sequence[str]) -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    asked = parser.parse_args(arguments)
    cold, bare = measure_starts(Bench.open(plan_of(LOCAL_STACK)), asked.starts)
    write_result("cold_start", with_arguments(COMMAND, arguments), result_of(cold, bare), asked.out)


if __name__ == "__main__":
    main(sys.argv[1:])
