"""Where the time of a request goes, hop by hop: why p99 went up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aigc.catalog import triton_metrics
from aigc.foundation.foundation import component_of
from aigc.observability import metric_names as names
from aigc.observability.autoscaling_dashboard import endpoints_of_knative, waiting_panel
from aigc.observability.metric_names import RequestSeries, activator_series, gateway_series, queue_proxy_series
from aigc.observability.p99_numbers import why_row
from aigc.observability.panels import (
    ENDPOINT,
    Dashboard,
    Panel,
    Query,
    Row,
    Unit,
    mean_milliseconds,
    quantile,
    quotient,
    rate,
)
from aigc.observability.triton_panels import memory_panel, pending_panel, time_in_triton_panel, triton
from aigc.plan.stack_plan import StackPlan
from aigc.serving import gateway

UID = "aigc-request-path"

_HOW_TO = (
    "Hops lie inside each other, so the hop that makes a request slow is the last one, from the gateway inwards, that "
    "is still slow. Gateway and activator slow, queue-proxy not: a cold start. Queue-proxy slow, Triton's compute not: "
    "Triton's queue. Gateway slow alone: the network, or pods that are not found."
)


@dataclass(frozen=True)
class _Hop:
    """A place on the way that measures requests with a histogram."""

    name: str
    bucket: str
    time: str
    count: str
    milliseconds_per_unit: int


def request_path_dashboard(plan: StackPlan) -> Dashboard:
    """The page for the question why requests became slow."""
    hops = _hops(plan)
    knative = bool(endpoints_of_knative(plan))
    rows = (
        why_row(plan),
        Row("Hops, from the gateway inwards", tuple(_hop_panels(hops))),
        Row("Inside the pod", (time_in_triton_panel(), pending_panel())),
        Row("Why requests wait", (*((waiting_panel(),) if knative else ()), _pods(), *memory_panel(plan))),
    )
    return Dashboard(
        UID,
        "Request path",
        "Where the time of a request goes, and why p99 went up: queueing, a cold start, a slow hop, lack of memory.",
        tuple(row for row in rows if row.panels),
        tuple(endpoint.name for endpoint in plan.endpoints),
    )


def _hops(plan: StackPlan) -> list[_Hop]:
    hops = []
    if component_of(plan, gateway.COMPONENT):
        hops.append(_hop_of("gateway", gateway_series(ENDPOINT)))
    if endpoints_of_knative(plan):
        hops.append(_Hop("activator", *activator_series(ENDPOINT), milliseconds_per_unit=1000))
        hops.append(_hop_of("queue-proxy", queue_proxy_series(ENDPOINT)))
    return hops


def _hop_of(name: str, series: RequestSeries) -> _Hop:
    bucket = f"{series.bucket}{{{series.matcher}}}"
    return _Hop(name, bucket, series.time, series.timed, series.milliseconds_per_unit)


def _hop_panels(hops: Sequence[_Hop]) -> list[Panel]:
    triton_time = quotient(
        rate(triton(triton_metrics.TRITON_REQUEST_US), "model"), rate(triton(triton_metrics.TRITON_SUCCESSES), "model")
    )
    means = Panel(
        "Mean time at each hop",
        "Means add up: the distance between two lines is the time between these two hops. The activator has a line "
        f"only while requests go through it, and Triton's is the request of one model. {_HOW_TO}",
        Unit.MILLISECONDS,
        (
            *(Query(mean_milliseconds(hop.time, hop.count, hop.milliseconds_per_unit), hop.name) for hop in hops),
            Query(f"{triton_time} / 1000", "Triton {{model}}"),
        ),
    )
    if not hops:
        return [means]
    quantiles = [
        Panel(
            f"{title} at each hop",
            f"{words} {_HOW_TO}",
            Unit.MILLISECONDS,
            tuple(Query(quantile(share, hop.bucket, hop.milliseconds_per_unit), hop.name) for hop in hops),
        )
        for share, title, words in (
            (0.99, "p99", "The slowest hundredth."),
            (0.5, "p50", "Half of the requests; if it is calm and p99 is not, only some requests wait."),
        )
    ]
    return [*quantiles, means]


def _pods() -> Panel:
    selector = f'{names.UP}{{job="{triton_metrics.TRITON_JOB}",{names.ENDPOINT_LABEL}="{ENDPOINT}"}}'
    return Panel(
        "Pods that answer, and that do not",
        "Pods whose Triton answers Prometheus, and pods with an address that do not. The second above 0 for as long "
        "as a start may take: a cold start, which somebody waits for; for longer: a pod that cannot start.",
        Unit.COUNT,
        (
            Query(f"sum({selector}) or vector(0)", "answer"),
            Query(f"sum(1 - {selector}) or vector(0)", "do not"),
        ),
    )
