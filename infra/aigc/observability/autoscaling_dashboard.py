"""What Knative's autoscaler sees, what it wants, and what it gets."""

from __future__ import annotations

from aigc.observability import metric_names as names
from aigc.observability.metric_names import revision_matcher
from aigc.observability.panels import ENDPOINT, Dashboard, Panel, Query, Row, Unit
from aigc.plan.stack_plan import ServingMode, StackPlan


def autoscaling_dashboard(plan: StackPlan) -> Dashboard | None:
    """The page of the autoscaler; None where every endpoint is steady."""
    endpoints = endpoints_of_knative(plan)
    if not endpoints:
        return None
    rows = (
        Row("Pods", (_pods(), _starting())),
        Row("What it is decided by", (_concurrency(), _burst(), _panic())),
        Row("Requests that wait for it", (waiting_panel(), _through_activator())),
    )
    words = "Knative's autoscaler: what it sees, what it wants, and what it gets."
    return Dashboard("aigc-autoscaling", "Autoscaling", words, rows, endpoints)


def endpoints_of_knative(plan: StackPlan) -> tuple[str, ...]:
    """Names of the endpoints that Knative scales."""
    return tuple(endpoint.name for endpoint in plan.endpoints if endpoint.mode is ServingMode.KNATIVE)


def waiting_panel() -> Panel:
    """Requests in the activator's queue."""
    return Panel(
        "Requests that wait in the activator",
        "Requests that have no pod yet. For seconds after a time without any: a cold start. For longer: pods do not "
        "come (see their events) or all are at their concurrency limit. No line: no request has come this way yet.",
        Unit.COUNT,
        (_by_revision(names.ACTIVATOR_QUEUED, "waiting"),),
    )


def _by_revision(name: str, words: str) -> Query:
    expression = f"sum by ({names.REVISION_LABEL}) ({name}{{{revision_matcher(ENDPOINT)}}})"
    return Query(expression, f"{{{{{names.REVISION_LABEL}}}}} {words}")


def _pods() -> Panel:
    return Panel(
        "Pods: wanted and there",
        "Ready below desired for longer than a start takes: pods cannot be scheduled or do not become ready. Desired "
        "that goes up and down all the time: the target or the window does not fit the traffic. Desired at the maximum "
        "for long: the maximum is too small.",
        Unit.COUNT,
        (
            _by_revision(names.PODS_DESIRED, "desired"),
            _by_revision(names.PODS_REQUESTED, "requested"),
            _by_revision(names.PODS_READY, "ready"),
        ),
        columns=12,
    )


def _starting() -> Panel:
    return Panel(
        "Pods on their way",
        "Pending: no node has room yet, or an image is being pulled. Not ready: it runs and loads its model. "
        "Terminating: it finishes its requests. Each of them is short in health; what stays is stuck.",
        Unit.COUNT,
        (
            _by_revision(names.PODS_NOT_READY, "not ready"),
            _by_revision(names.PODS_PENDING, "pending"),
            _by_revision(names.PODS_TERMINATING, "terminating"),
        ),
        columns=12,
    )


def _concurrency() -> Panel:
    return Panel(
        "Concurrency",
        "Requests in flight, averaged over the stable window (60 s at most) and the panic window (a tenth of it), and "
        "the target of one pod. Stable divided by target is the number of pods that is wanted. Panic far above "
        "stable: a burst.",
        Unit.COUNT,
        (
            _by_revision(names.CONCURRENCY_STABLE, "stable"),
            _by_revision(names.CONCURRENCY_PANIC, "panic"),
            _by_revision(names.CONCURRENCY_TARGET, "target"),
        ),
    )


def _burst() -> Panel:
    return Panel(
        "Excess burst capacity",
        "How many more requests the ready pods could take at once, less the burst that must always be possible. Below "
        "0 the activator stays in the path: one hop more for each request, and a queue before the pods.",
        Unit.COUNT,
        (_by_revision(names.EXCESS_BURST_CAPACITY, "excess"),),
    )


def _panic() -> Panel:
    return Panel(
        "Panic mode",
        "1 while twice the capacity was asked for within the panic window: pods are added at once and none is "
        "taken away. Often 1: the traffic comes in bursts, and a smaller target or a larger minimum would be calmer.",
        Unit.COUNT,
        (_by_revision(names.PANIC_MODE, "panic"),),
        bad_from=1,
    )


def _through_activator() -> Panel:
    return Panel(
        "Requests that the activator passes on",
        "Requests in flight through the activator. It is in the path at zero replicas and while burst capacity is "
        "lacking; more than 0 all the time is a hop that each request pays for.",
        Unit.COUNT,
        (_by_revision(names.ACTIVATOR_ACTIVE, "in flight"),),
    )
