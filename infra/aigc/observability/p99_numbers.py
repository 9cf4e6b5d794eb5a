"""The numbers that tell why p99 went up, as queries: the row of the dashboard shows them, `p99_diagnosis.py` judges.

Each of the four usual reasons has a number that is high with it and low with the others: time in Triton's queue, wait
for a pod, time lost between two hops, pages that had to be read back. All are about the chosen endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aigc.catalog import triton_metrics
from aigc.observability import metric_names as names
from aigc.observability.autoscaling_dashboard import endpoints_of_knative
from aigc.observability.metric_names import RequestSeries, activator_series, queue_proxy_series, revision_matcher
from aigc.observability.p99_diagnosis import FAULTS_PER_SECOND, MEMORY_FULL_SHARE
from aigc.observability.panels import (
    ENDPOINT,
    RANGE,
    Panel,
    Query,
    Row,
    Unit,
    mean_milliseconds,
    quotient,
    rate,
    request_quantile,
)
from aigc.observability.slo import chosen_series
from aigc.observability.triton_panels import triton
from aigc.plan.stack_plan import StackPlan


@dataclass(frozen=True)
class _Sources:
    """What the stack has to ask."""

    entry: RequestSeries | None
    """Where the endpoint's requests are counted first."""
    knative: bool
    limited: bool
    """An endpoint has a concurrency limit, so its queue-proxy may make requests wait."""


@dataclass(frozen=True)
class _Shown:
    """A panel of the row."""

    title: str
    fields: tuple[str, ...]
    """Names in `Numbers`; without the first there is no panel."""
    unit: Unit
    words: str
    bad_from: float | None = None


def p99_queries(plan: StackPlan) -> Mapping[str, Query]:
    """Each number that the stack's sources can fill, by the name of its field in `Numbers`."""
    sources = _Sources(
        chosen_series(plan),
        bool(endpoints_of_knative(plan)),
        any(endpoint.scaling.hard_concurrency for endpoint in plan.endpoints),
    )
    return {**_entry(sources), **_waiting(sources), **_inside(), **_memory()}


def why_row(plan: StackPlan) -> Row:
    """The numbers under one heading, a panel for each reason and one for what goes with it."""
    queries = p99_queries(plan)
    return Row("Why is p99 up?", tuple(panel for shown in _SHOWN for panel in _panel(shown, queries)))


def _panel(shown: _Shown, queries: Mapping[str, Query]) -> Iterator[Panel]:
    found = tuple(queries[name] for name in shown.fields if name in queries)
    # A distance needs two ends: without the first number the others say nothing about this reason.
    if shown.fields[0] in queries:
        yield Panel(shown.title, shown.words, shown.unit, found, columns=6, bad_from=shown.bad_from)


def _entry(sources: _Sources) -> dict[str, Query]:
    if sources.entry is None:
        return {}
    series = sources.entry
    return {
        "requests_per_second": Query(rate(series.timed), "requests"),
        "p50_ms": Query(request_quantile(0.5, series), "p50"),
        "p99_ms": Query(request_quantile(0.99, series), "p99"),
        "entry_ms": Query(
            mean_milliseconds(series.time, series.timed, series.milliseconds_per_unit), f"counted {series.place}"
        ),
    }


def _waiting(sources: _Sources) -> dict[str, Query]:
    up = f'{names.UP}{{job="{triton_metrics.TRITON_JOB}",{names.ENDPOINT_LABEL}="{ENDPOINT}"}}'
    started = f"count({up} unless on (instance) ({up} offset {RANGE})) or vector(0)"
    queries = {"pods_started": Query(started, "started")}
    if not sources.knative or sources.entry is None:
        return queries
    _, total, count = activator_series(ENDPOINT)
    proxy = queue_proxy_series(ENDPOINT)
    queries |= {
        "activator_ms": Query(mean_milliseconds(total, count, 1000), "through the activator"),
        "activator_share": Query(quotient(rate(count), rate(sources.entry.timed)), "share through the activator"),
        "activator_queued": Query(
            f"sum(max_over_time({names.ACTIVATOR_QUEUED}{{{revision_matcher(ENDPOINT)}}}[{RANGE}]))",
            "wait in the activator",
        ),
        "queue_proxy_ms": Query(mean_milliseconds(proxy.time, proxy.timed, 1000), "queue-proxy"),
    }
    if sources.limited:
        depth = f'{names.QUEUE_PROXY_DEPTH}{{{names.ENDPOINT_LABEL}="{ENDPOINT}"}}'
        queries["queue_proxy_waiting"] = Query(f"sum(max_over_time({depth}[{RANGE}]))", "wait in queue-proxies")
    return queries


def _inside() -> dict[str, Query]:
    requests = rate(triton(triton_metrics.TRITON_SUCCESSES), "model")

    def slowest(name: str) -> str:
        # A model that calls another one holds that one's time too: the slowest is the one that was asked.
        return f"max({quotient(rate(triton(name), 'model'), requests)}) / 1000"

    pending = f"sum(max_over_time({triton(triton_metrics.TRITON_PENDING)}[{RANGE}]))"
    return {
        "triton_ms": Query(slowest(triton_metrics.TRITON_REQUEST_US), "Triton"),
        "triton_queue_ms": Query(slowest(triton_metrics.TRITON_QUEUE_US), "in Triton's queue"),
        "triton_pending": Query(pending, "pending in Triton"),
    }


def _memory() -> dict[str, Query]:
    uid = names.POD_UID_LABEL
    ours = f'and on ({uid}) {names.CONTAINER_WORKING_SET_BYTES}{{{names.ENDPOINT_LABEL}="{ENDPOINT}"}}'
    faults = f'rate({names.CONTAINER_MEMORY_FAILURES}{{failure_type="pgmajfault"}}[{RANGE}])'
    share = f"{names.CONTAINER_WORKING_SET_BYTES} / ({names.CONTAINER_MEMORY_LIMIT_BYTES} > 0)"
    return {
        # The group of a pod counts its containers' faults on cgroup v2 and not on v1: so the largest of its groups.
        "major_faults_per_second": Query(f"sum(max by ({uid}) ({faults}) {ours})", "major faults"),
        "memory_share": Query(f"max(max by ({uid}) ({share}) {ours})", "container, of its limit"),
        "node_memory_share": Query(
            f"max({triton(triton_metrics.NODE_MEMORY_USED_BYTES)} / {triton(triton_metrics.NODE_MEMORY_TOTAL_BYTES)})",
            "node",
        ),
    }


_QUEUEING = (
    "Mean time that a request waits in Triton's queue before an instance takes it. The largest part of the time at the "
    "gateway: queueing. Next: more replicas or instances, or dynamic batching; see Pods, wanted and there."
)
_IN_QUEUE = (
    "The most requests that waited at one time. More than the instances of the model for as long as p99 is up: more "
    "comes in than is computed. 0 or 1 while p99 is up: it is no queue, look at the panels beside it."
)
_COLD_START = (
    "Mean time of requests through the activator, and at the queue-proxy in the pod. The activator seconds above the "
    "queue-proxy: requests waited for a pod to start. No line of the activator: none went through it. Next: a minimum "
    "of 1 replica, or a longer idle time."
)
_STARTED = (
    "Pods whose Triton answers now and did not a moment ago. 1 or more when p99 went up, with the activator "
    "slow: a cold start. 0 all the time: no pod started, so nobody can have waited for one."
)
_SLOW_HOP = (
    "Mean time at each hop, which lies inside the one before. The distance between two lines is lost between them: "
    "gateway and queue-proxy: the network, or the activator; queue-proxy and Triton: the mux in the pod. Lines close "
    "together: no hop is slow, the innermost one is."
)
_PRESSURE = (
    "Memory pages a second that the endpoint's pods needed and that had to be read back from disk or swap. About 0 in "
    f"health, for a model stays in memory; {FAULTS_PER_SECOND:g} or more while p99 is up: memory pressure. Next: "
    "a larger memory request of the endpoint, or fewer instances."
)
_LIMIT = (
    "Working set of the fullest container as a share of its limit, and used memory of its node. Above "
    f"{MEMORY_FULL_SHARE:.0%} pages are taken back; at 100% of the limit with few faults the pod is about to be killed "
    "for memory."
)
_SHOWN = (
    _Shown("Queueing", ("triton_queue_ms",), Unit.MILLISECONDS, _QUEUEING),
    _Shown("Requests in a queue", ("triton_pending", "activator_queued", "queue_proxy_waiting"), Unit.COUNT, _IN_QUEUE),
    _Shown("Cold start", ("activator_ms", "queue_proxy_ms"), Unit.MILLISECONDS, _COLD_START),
    _Shown("Pods that started", ("pods_started",), Unit.COUNT, _STARTED),
    _Shown("Slow hop", ("entry_ms", "activator_ms", "queue_proxy_ms", "triton_ms"), Unit.MILLISECONDS, _SLOW_HOP),
    _Shown(
        "Memory pressure",
        ("major_faults_per_second",),
        Unit.OPERATIONS_PER_SECOND,
        _PRESSURE,
        bad_from=FAULTS_PER_SECOND,
    ),
    _Shown(
        "Memory against its limit",
        ("memory_share", "node_memory_share"),
        Unit.SHARE,
        _LIMIT,
        bad_from=MEMORY_FULL_SHARE,
    ),
)
