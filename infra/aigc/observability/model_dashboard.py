"""One endpoint: its objective, its requests, and what Triton does with them."""

from __future__ import annotations

from collections.abc import Sequence

from aigc.catalog import triton_metrics
from aigc.observability import metric_names as names
from aigc.observability.fleet_dashboard import judged_objectives
from aigc.observability.metric_names import RequestSeries
from aigc.observability.panels import (
    ENDPOINT,
    RANGE,
    Dashboard,
    Panel,
    Query,
    Row,
    Shape,
    Unit,
    quotient,
    rate,
    request_quantile,
)
from aigc.observability.slo import REQUEST_ERRORS, REQUEST_SLOW, Window, chosen_series, kept_windows
from aigc.observability.triton_panels import memory_panel, pending_panel, time_in_triton_panel, triton
from aigc.plan.stack_plan import StackPlan

_BURN_WINDOWS = ("5m", "1h", "6h")
_PAGING_FACTOR = 14.4
"""Of the fastest burn rate: a budget of 30 days is spent in two days."""


def model_dashboard(plan: StackPlan) -> Dashboard:
    """The page of an endpoint that the fleet's page points at."""
    windows = [window for window in kept_windows(plan) if window.name in _BURN_WINDOWS]
    series = chosen_series(plan)
    rows = (
        Row("Objective", _objective(judged_objectives(plan), windows)),
        Row("Requests", _requests(series) if series else ()),
        Row("Triton", (_executions(), _batch_size(), time_in_triton_panel(), pending_panel(), _failures())),
        Row("Memory", memory_panel(plan)),
    )
    return Dashboard(
        "aigc-model",
        "Model",
        "One endpoint: objective, requests, and what Triton does with them.",
        tuple(row for row in rows if row.panels),
        tuple(endpoint.name for endpoint in plan.endpoints),
    )


def _objective(objectives: Sequence[str], windows: Sequence[Window]) -> tuple[Panel, ...]:
    if not windows:
        return ()
    matcher = f'{{{names.ENDPOINT_LABEL}="{ENDPOINT}"}}'
    burn = tuple(
        Panel(
            f"Burn rate: {title}",
            f"{words} as a multiple of the share that is allowed. 1 spends the budget of 30 days in 30 days; "
            f"{_PAGING_FACTOR} over an hour pages. A short window far above a long one: it has just begun. The other "
            "way round: it is over. No line: no requests.",
            Unit.COUNT,
            tuple(
                Query(
                    f"{names.bad_ratio(objective, window.name)}{matcher} / {names.allowed_ratio(objective)}{matcher}",
                    f"over {window.name}",
                )
                for window in windows
            ),
            bad_from=1,
        )
        for objective, title, words in (
            (REQUEST_ERRORS, "errors", "The share of requests with a server error"),
            (REQUEST_SLOW, "slow requests", "The share of requests slower than the objective"),
        )
        if objective in objectives
    )
    longest = windows[-1].name
    counts = tuple(
        Query(f"{names.bad_count(objective, longest)}{matcher}", objective.removeprefix("request_"))
        for objective in objectives
    )
    bad = Panel(
        f"Bad requests ({longest})",
        f"How many requests of the last {longest} were bad. One or two are no burn, whatever share they are: the "
        "alerts wait for more.",
        Unit.COUNT,
        counts,
        Shape.NUMBERS,
    )
    return (*burn, bad) if counts else ()


def _requests(series: RequestSeries) -> tuple[Panel, ...]:
    quantiles = tuple(Query(request_quantile(share, series), title) for share, title in _QUANTILES)
    buckets = f"sum by (le) (increase({series.bucket}{{{series.matcher}}}[{RANGE}]))"
    unit = Unit.SECONDS if series.milliseconds_per_unit > 1 else Unit.MILLISECONDS
    return (
        Panel(
            "Requests",
            f"Requests a second and those with a server error, counted {series.place}. Errors with a steady number of "
            "requests: look at the endpoint's log. No requests at all: look before the endpoint.",
            Unit.REQUESTS_PER_SECOND,
            (
                Query(rate(series.requests), "requests"),
                Query(f"{rate(series.errors)} or 0 * {rate(series.requests)}", "server errors"),
            ),
        ),
        Panel(
            "Latency",
            f"Counted {series.place}. p99 away from p50: some requests wait; all of them up: the work itself takes "
            "longer. Where it goes shows Request path. No line: no requests.",
            Unit.MILLISECONDS,
            quantiles,
        ),
        Panel(
            "Latency, all requests",
            "How many requests took how long. Two bands are two kinds of requests, for instance warm ones and cold "
            "starts, or short and long texts; one band that widens is a queue.",
            unit,
            (Query(buckets, "{{le}}"),),
            Shape.HEATMAP,
        ),
    )


def _executions() -> Panel:
    return Panel(
        "Executions",
        "How often Triton ran a model. It follows the requests; fewer at the same load is batching at work. A model "
        "that is called by another one counts each call, a generated token for instance.",
        Unit.OPERATIONS_PER_SECOND,
        (Query(rate(triton(triton_metrics.TRITON_EXECUTIONS), "model"), "{{model}}"),),
    )


def _batch_size() -> Panel:
    inferences, executions = (
        rate(triton(name), "model") for name in (triton_metrics.TRITON_INFERENCES, triton_metrics.TRITON_EXECUTIONS)
    )
    return Panel(
        "Mean batch size",
        "Inferences per execution. 1 while requests are pending means that they do not batch: shapes that differ, or "
        "no dynamic batching. At the model's maximum the hardware is used up: more replicas.",
        Unit.COUNT,
        (Query(quotient(inferences, executions), "{{model}}"),),
    )


def _failures() -> Panel:
    return Panel(
        "Failures by reason",
        "Requests that failed inside Triton; over gRPC they are an HTTP 200 and no error at the gateway. BACKEND: the "
        "model's code; REJECTED: the queue is full; CANCELED: the client hung up, no fault of ours; OTHER: mostly a "
        "request that is wrong.",
        Unit.REQUESTS_PER_SECOND,
        (Query(rate(triton(triton_metrics.TRITON_FAILURES), "model, reason"), "{{model}} {{reason}}"),),
    )


_QUANTILES = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"))
