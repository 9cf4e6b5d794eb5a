"""A Prometheus that answers from a table, and the state of the page that is collected from it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import httpx

from aigc.observability.p99_diagnosis import Numbers
from aigc.observability.p99_numbers import p99_queries
from aigc.plan.stack_plan import StackPlan
from scripts.local.cluster_api import ProcessStatus
from scripts.local.prometheus import Prometheus
from scripts.local.workloads import WorkloadStatus
from scripts.status_page.collect import NOW_WINDOW_SECONDS, filled, with_prometheus
from scripts.status_page.state import PageState
from tests.pure.program.plans import local_plan

QUEUEING = Numbers(
    requests_per_second=7.25,
    p50_ms=1800.0,
    p99_ms=6123.0,
    entry_ms=2000.0,
    triton_ms=1990.0,
    triton_queue_ms=1777.0,
    triton_pending=14.0,
    pods_started=0.0,
    major_faults_per_second=0.0,
    memory_share=0.21,
    node_memory_share=0.17,
)
COLD = Numbers(
    requests_per_second=2.5,
    p50_ms=120.0,
    p99_ms=5432.0,
    entry_ms=900.0,
    activator_ms=2345.0,
    activator_share=0.4,
    activator_queued=3.0,
    queue_proxy_ms=130.0,
    triton_ms=126.0,
    triton_queue_ms=2.0,
    triton_pending=0.0,
    pods_started=1.0,
    major_faults_per_second=3.0,
    memory_share=0.31,
    node_memory_share=0.17,
)
CALM = Numbers(
    requests_per_second=1.0, p50_ms=101.0, p99_ms=140.0, entry_ms=111.0, triton_ms=108.0, triton_queue_ms=2.0
)
ALERT = {
    "state": "firing",
    "activeAt": "2026-01-02T03:04:05.6Z",
    "labels": {"alertname": "RequestSlowBurn", "severity": "page", "aigc_endpoint": "gpt"},
    "annotations": {"summary": "gpt: <slow> requests", "description": "Look next at Request path"},
}
PROCESSES = (
    ProcessStatus("etcd", "running", "pid 7, for 90 s"),
    ProcessStatus("coredns", "failing", "exited 12 times; last log line: <boom>"),
)
WORKLOADS = (
    WorkloadStatus("models", "gpt", True, "ready; scales to zero (1 replicas now)"),
    WorkloadStatus("gateway", "gateway", False, "0 of 1 replicas available"),
)
BARE = PageState("2026-01-02 03:04:05 UTC", 30, PROCESSES, WORKLOADS, ())


def fake_prometheus(
    plan: StackPlan, now: Mapping[str, Numbers], before: Numbers = CALM, *, empty: bool = False
) -> Prometheus:
    """Instant queries give the numbers of each endpoint, range queries a sine, alerts the one above."""
    values: dict[str, float | None] = {}
    for endpoint in plan.endpoints:
        for name, query in p99_queries(plan).items():
            numbers = asdict(now.get(endpoint.name, CALM))
            values[filled(query.expression, endpoint.name, NOW_WINDOW_SECONDS)] = numbers[name]
            values.setdefault(filled(query.expression, endpoint.name, 6 * NOW_WINDOW_SECONDS), asdict(before)[name])

    def answer(request: httpx.Request) -> httpx.Response:
        parameters = dict(request.url.params)
        if request.url.path.endswith("/alerts"):
            return success({"alerts": [] if empty else [ALERT, {**ALERT, "state": "pending"}]})
        if request.url.path.endswith("/query"):
            value = values[parameters["query"]]
            rows = [] if value is None or empty else [{"metric": {}, "value": [0, f"{value}"]}]
            return success({"result": rows})
        start, end, step = (float(parameters[name]) for name in ("start", "end", "step"))
        points = [
            [at, f"{5 + 3 * math.sin(at):.3f}"]
            for at in (start + step * n for n in range(int((end - start) / step) + 1))
        ]
        labels = {"model": "gpt", "aigc_endpoint": "gpt", "instance": "10.0.0.1", "severity": "page", "alertname": "A"}
        return success({"result": [] if empty else [{"metric": labels, "values": points}]})

    return Prometheus("http://prometheus", httpx.MockTransport(answer))


def success(data: Any) -> httpx.Response:
    """As Prometheus answers."""
    return httpx.Response(200, content=json.dumps({"status": "success", "data": data}))


def sample_state(**arguments: Any) -> PageState:
    """gpt has a cold start, gpt-handbook a queue."""
    plan = local_plan()
    return with_prometheus(BARE, plan, fake_prometheus(plan, {"gpt": COLD, "steady": QUEUEING}, **arguments))
