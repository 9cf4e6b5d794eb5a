"""Recording rules of an endpoint's objectives: how many requests were bad in each window, and what share that is.

An endpoint without requests has no share at all, neither 0 nor NaN: nothing burns, and a comparison stays silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aigc.cluster.kubernetes_object import Body
from aigc.foundation.foundation import component_of
from aigc.observability import metric_names
from aigc.observability.metric_names import ENDPOINT_LABEL, RequestSeries, gateway_series, queue_proxy_series
from aigc.observability.panels import ENDPOINT
from aigc.plan.stack_plan import EndpointPlan, ServingMode, StackPlan
from aigc.serving import gateway

REQUEST_ERRORS = "request_errors"
REQUEST_SLOW = "request_slow"
LATENCY_OBJECTIVE_PERCENT = 99.0
"""`p99_ms` is the time within which 99 of 100 requests must be answered."""
INTERVAL = "30s"
"""A tenth of the shortest window; at the scrapes' 10 s the windows of days would be read three times as often."""


@dataclass(frozen=True)
class Window:
    """A range over which requests are counted."""

    name: str
    hours: float


WINDOWS = (
    Window("5m", 1 / 12),
    Window("30m", 0.5),
    Window("1h", 1),
    Window("2h", 2),
    Window("6h", 6),
    Window("1d", 24),
    Window("3d", 72),
)


@dataclass(frozen=True)
class Indicator:
    """A share of bad requests and what is allowed of it; PromQL is built from the selectors of `RequestSeries`."""

    name: str
    """Part of the recorded series' names: `REQUEST_ERRORS` or `REQUEST_SLOW`."""
    total: str
    bad: str
    selects_good: bool
    """Whether `bad` selects the good ones instead, for a histogram counts only those up to a boundary."""
    budget: float
    """Share of requests that may be bad."""
    place: str
    unseen: str
    """From `RequestSeries`: where requests are counted, and what that does not see."""
    objective: str
    """In words, for summaries."""


def retention_hours(plan: StackPlan) -> int:
    """How long the stack's own Prometheus keeps data; 0 where it has none."""
    return plan.monitoring.retention_hours if plan.monitoring else 0


def kept_windows(plan: StackPlan) -> tuple[Window, ...]:
    """The windows that Prometheus keeps data for: a longer one would be judged by a part of itself."""
    return tuple(window for window in WINDOWS if window.hours <= retention_hours(plan))


def series_of(plan: StackPlan, endpoint: EndpointPlan) -> RequestSeries | None:
    """Where the endpoint's requests are counted; None where the stack scrapes nothing that sees them."""
    if component_of(plan, gateway.COMPONENT):
        return gateway_series(endpoint.name)
    return queue_proxy_series(endpoint.name) if endpoint.mode is ServingMode.KNATIVE else None


def chosen_series(plan: StackPlan) -> RequestSeries | None:
    """The series of whichever endpoint is chosen; None where nothing counts the requests of any."""
    if component_of(plan, gateway.COMPONENT):
        return gateway_series(ENDPOINT)
    if any(endpoint.mode is ServingMode.KNATIVE for endpoint in plan.endpoints):
        return queue_proxy_series(ENDPOINT)
    return None


def availability(endpoint: EndpointPlan, series: RequestSeries) -> Indicator:
    """Requests answered with a 5xx; a gRPC error comes as HTTP 200 and is Triton's to report."""
    percent = endpoint.slo.availability_percent
    return Indicator(
        name=REQUEST_ERRORS,
        total=series.requests,
        bad=series.errors,
        selects_good=False,
        budget=(100 - percent) / 100,
        place=series.place,
        unseen=series.unseen,
        objective=f"{percent:g}% of requests without a server error",
    )


def latency(endpoint: EndpointPlan, series: RequestSeries) -> Indicator | None:
    """Requests slower than the objective, at the next boundary of the histogram; None when it ends before that."""
    boundary_ms = series.boundary_ms(endpoint.slo.p99_ms)
    if boundary_ms is None:
        return None
    percent, p99_ms = LATENCY_OBJECTIVE_PERCENT, endpoint.slo.p99_ms
    judged = "" if boundary_ms == p99_ms else f" (judged at the next boundary of the histogram, {boundary_ms:g} ms)"
    return Indicator(
        name=REQUEST_SLOW,
        total=series.timed,
        bad=series.within(boundary_ms),
        selects_good=True,
        budget=(100 - percent) / 100,
        place=series.place,
        unseen=series.unseen,
        objective=f"{percent:g}% of requests within {p99_ms:g} ms{judged}",
    )


def bad_count(indicator: Indicator, window: str) -> str:
    """Name of the series that holds how many requests were bad."""
    return metric_names.bad_count(indicator.name, window)


def bad_ratio(indicator: Indicator, window: str) -> str:
    """Name of the series that holds which share of the requests was bad."""
    return metric_names.bad_ratio(indicator.name, window)


def recording_rules(endpoint: str, indicator: Indicator, windows: Sequence[Window]) -> list[Body]:
    """The share that may be bad, and for each window the number of bad requests and, from it, their share."""
    labels = {ENDPOINT_LABEL: endpoint}
    allowed = f"vector({indicator.budget:.6g})"
    rules: list[Body] = [{"record": metric_names.allowed_ratio(indicator.name), "expr": allowed, "labels": labels}]
    for window in windows:
        total = f"sum(increase({indicator.total}[{window.name}]))"
        selected = f"sum(increase({indicator.bad}[{window.name}]))"
        # A class of answers has no series before its first answer; the difference of two counters, each of them
        # extrapolated, may fall a hair below zero.
        bad = f"clamp_min({total} - {selected}, 0)" if indicator.selects_good else f"{selected} or 0 * {total}"
        count = bad_count(indicator, window.name)
        share = f'{count}{{{ENDPOINT_LABEL}="{endpoint}"}} / on () ({total} > 0)'
        rules += [
            {"record": count, "expr": bad, "labels": labels},
            {"record": bad_ratio(indicator, window.name), "expr": share, "labels": labels},
        ]
    return rules
