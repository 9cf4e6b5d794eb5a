"""All endpoints at a glance: who is in trouble, and is it errors, slowness or a lack of replicas."""

from __future__ import annotations

from collections.abc import Sequence

from aigc.catalog import triton_metrics
from aigc.catalog.labels import GPU_METRICS, MODELS_NAMESPACE
from aigc.observability import metric_names as names
from aigc.observability.panels import Dashboard, Panel, Query, Row, Shape, Unit, rate, request_quantile
from aigc.observability.rules import indicators_of
from aigc.observability.slo import REQUEST_ERRORS, REQUEST_SLOW, Window, kept_windows, series_of
from aigc.plan.stack_plan import StackPlan

_BUDGET_LOW = 0.25
"""A quarter of the budget: a burn of 14.4 times the allowed rate spends it in half a day."""


def fleet_dashboard(plan: StackPlan) -> Dashboard:
    """The page to open first."""
    rows = (
        Row("Objectives", (*_alerts(), *_objectives(judged_objectives(plan), kept_windows(plan)))),
        Row("Requests", (*_requests(plan), _replicas(plan))),
        *([Row("GPUs", _gpus())] if any(one.name == GPU_METRICS for one in plan.components) else []),
    )
    return Dashboard("aigc-fleet", "Fleet", "All endpoints of the stack at a glance.", rows)


def judged_objectives(plan: StackPlan) -> tuple[str, ...]:
    """The objectives that at least one endpoint has recorded series for."""
    judged = {indicator.name for endpoint in plan.endpoints for indicator in indicators_of(plan, endpoint)[0]}
    return tuple(objective for objective in (REQUEST_ERRORS, REQUEST_SLOW) if objective in judged)


def _alerts() -> tuple[Panel, ...]:
    selector = f'{names.ALERTS}{{alertstate="firing"}}'
    labels = f"alertname, severity, {names.ENDPOINT_LABEL}, pod, container, {names.HOST_PROCESS_LABEL}"
    named = f"{_ENDPOINT} {{{{pod}}}} {{{{container}}}} {{{{{names.HOST_PROCESS_LABEL}}}}}"
    return (
        Panel(
            "Alerts that fire",
            "Above 0 an objective burns its budget or a cause was found; beside it stands which. 0 and no requests at "
            "all may also mean that nothing is watched: see the targets of Prometheus.",
            Unit.COUNT,
            (Query(f"count({selector}) or vector(0)", "firing"),),
            Shape.NUMBERS,
            columns=4,
            bad_from=1,
        ),
        Panel(
            "Which alerts fire",
            "Each line is an alert while it fires; a page is for now, a ticket for working hours. What to look at "
            "next stands in the alert itself. Empty is good.",
            Unit.COUNT,
            (Query(f"count by ({labels}) ({selector})", f"{{{{severity}}}} {{{{alertname}}}} {named}"),),
            columns=8,
        ),
    )


def _objectives(objectives: Sequence[str], windows: Sequence[Window]) -> tuple[Panel, ...]:
    if not objectives or not windows:
        return ()
    shortest, longest = windows[0].name, windows[-1].name
    left = tuple(
        Query(
            f"1 - {names.bad_ratio(objective, longest)} / {names.allowed_ratio(objective)}",
            f"{_ENDPOINT} {_BAD[objective]}",
        )
        for objective in objectives
    )
    return (
        Panel(
            f"Error budget left ({longest})",
            f"100% is an untouched budget; at 0% as many requests of the last {longest} were bad as the objective "
            f"allows, below it more. {longest} is the longest window that Prometheus keeps here, not the budget's 30 "
            "days. Look next at the model's page: which of the two objectives burns, and since when.",
            Unit.SHARE,
            left,
            Shape.NUMBERS,
            columns=12,
            bad_below=_BUDGET_LOW,
        ),
        *(_bad_share(objective, shortest) for objective in objectives),
    )


def _bad_share(objective: str, window: str) -> Panel:
    title, words = _SHARES[objective]
    return Panel(
        f"{title} ({window})", words, Unit.SHARE, (Query(names.bad_ratio(objective, window), _ENDPOINT),), columns=12
    )


def _requests(plan: StackPlan) -> tuple[Panel, ...]:
    found = [(endpoint.name, series_of(plan, endpoint)) for endpoint in plan.endpoints]
    counted = [(name, series) for name, series in found if series is not None]
    if not counted:
        return ()
    place = counted[0][1].place
    quantiles = tuple(
        Panel(
            f"{title} latency",
            f"Time of a request, counted {place}. {words} A value is read off a "
            "histogram and as coarse as its buckets. No line: no requests.",
            Unit.MILLISECONDS,
            tuple(Query(request_quantile(share, series), name) for name, series in counted),
            columns=6,
        )
        for share, title, words in (
            (0.5, "p50", "A rise for everybody: the model itself became slower, or all of its replicas are busy."),
            (0.99, "p99", "Far above p50: some requests wait, for a cold start or in a queue; see Request path."),
        )
    )
    return (
        Panel(
            "Requests",
            f"Requests a second, counted {place}. A fall to nothing without a reason is an outage before the endpoint; "
            "a rise is what autoscaling must follow.",
            Unit.REQUESTS_PER_SECOND,
            tuple(Query(rate(series.requests), name) for name, series in counted),
            columns=6,
        ),
        *quantiles,
    )


def _replicas(plan: StackPlan) -> Panel:
    pods = [
        (name, f'{names.UP}{{job="{triton_metrics.TRITON_JOB}",{names.ENDPOINT_LABEL}="{name}"}}')
        for name in (endpoint.name for endpoint in plan.endpoints)
    ]
    return Panel(
        "Replicas",
        "Pods whose Triton answers Prometheus. 0 is right for an endpoint without requests that may go to zero; with "
        "requests it means that they wait or fail. A maximum that lasts is a lack of replicas.",
        Unit.COUNT,
        tuple(Query(f"sum({selector}) or vector(0)", name) for name, selector in pods),
        columns=6,
    )


def _gpus() -> tuple[Panel, ...]:
    of_models = f'{{namespace="{MODELS_NAMESPACE}"}}'
    used = f"sum by (pod) ({names.GPU_MEMORY_USED_MIB}{of_models})"
    free = f"sum by (pod) ({names.GPU_MEMORY_FREE_MIB}{of_models})"
    return (
        Panel(
            "Use",
            "Share of the time in which anything ran on the GPUs of a pod. Low with requests that wait: the processor, "
            "the queue or the batch is too small for it. 100% is not yet the most that it can do: see latency.",
            Unit.SHARE,
            (Query(f"avg by (pod) ({names.GPU_USE_PERCENT}{of_models}) / 100", "{{pod}}"),),
        ),
        Panel(
            "Memory",
            "Share of the GPUs' memory that is taken. Near 100% the next larger batch fails. Look next at the model's "
            "instances and its largest batch.",
            Unit.SHARE,
            (Query(f"{used} / ({used} + {free})", "{{pod}}"),),
        ),
        Panel(
            "Last error of the driver",
            "The code (Xid) of the last error that NVIDIA's driver reported of a GPU, 0 for none. Look it up in "
            "NVIDIA's list: some are a program's fault, others mean that the node has to go.",
            Unit.COUNT,
            (Query(f"max by (pod) ({names.GPU_XID}{of_models})", "{{pod}}"),),
        ),
    )


_ENDPOINT = f"{{{{{names.ENDPOINT_LABEL}}}}}"
_BAD = {REQUEST_ERRORS: "errors", REQUEST_SLOW: "slow"}
_SHARES = {
    REQUEST_ERRORS: (
        "Error share",
        "Requests answered with a server error. Above the allowed share the budget burns. Look next at the endpoint's "
        "log and whether it began with a new revision.",
    ),
    REQUEST_SLOW: (
        "Share slower than the objective",
        "Requests that took longer than the objective's p99; 1% is allowed. Look next at Request path: which hop, and "
        "does it wait or work.",
    ),
}
