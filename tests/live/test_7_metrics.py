"""Prometheus sees Triton, Knative and the gateway: every target up, and the counters move with requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from aigc.observability.dashboards import dashboards
from aigc.plan.stack_plan import StackPlan
from scripts.local.prometheus import Prometheus
from scripts.local.workloads import Workloads
from scripts.model.client import Generation
from tests.live.conftest import eventually

pytestmark = pytest.mark.live

EMPTY_IN_HEALTH = {
    (
        "aigc-fleet",
        "Which alerts fire",
        "{{severity}} {{alertname}} {{aigc_endpoint}} {{pod}} {{container}} {{process}}",
    ): "no alert fires",
    (
        "aigc-request-path",
        "p99 at each hop",
        "activator",
    ): "with room for a burst a warm pod is reached without the activator",
    (
        "aigc-request-path",
        "p50 at each hop",
        "activator",
    ): "with room for a burst a warm pod is reached without the activator",
    (
        "aigc-request-path",
        "Mean time at each hop",
        "activator",
    ): "with room for a burst a warm pod is reached without the activator",
    (
        "aigc-request-path",
        "Cold start",
        "through the activator",
    ): "with room for a burst a warm pod is reached without the activator",
    (
        "aigc-request-path",
        "Slow hop",
        "through the activator",
    ): "with room for a burst a warm pod is reached without the activator",
}
"""Dashboard, panel and legend of a query that may find nothing, and why."""


@pytest.fixture
def prometheus(workloads: Workloads) -> Prometheus:
    return Prometheus.of(workloads)


def value(prometheus: Prometheus, expression: str) -> float:
    return prometheus.value(expression) or 0.0


def test_every_target_is_up(prometheus: Prometheus, ask: Callable[..., Generation]) -> None:
    ask("The package ")

    def all_up() -> bool:
        rows = prometheus.query("up")
        down = [row.labels for row in rows if row.points[0][1] != 1]
        return len(rows) >= 8 and not down

    eventually(all_up, 90, "every target of Prometheus is up")


@pytest.mark.parametrize(
    "counter",
    [
        'nv_inference_request_success{model="gpt"}',
        "kn_serving_invocation_duration_seconds_count",
        "envoy_http_downstream_rq_total",
    ],
)
def test_a_request_is_counted(counter: str, prometheus: Prometheus, ask: Callable[..., Generation]) -> None:
    ask("The package ")
    eventually(lambda: value(prometheus, counter) > 0, 90, f"{counter} is there")
    before = counts(prometheus, counter)
    for _ in range(3):
        ask("The package ")

    def counted() -> bool:
        # By series, not in sum: a pod of before that goes meanwhile takes its count with it.
        return any(now >= before.get(labels, 0) + 3 for labels, now in counts(prometheus, counter).items())

    eventually(counted, 90, f"{counter} counts three requests")


def counts(prometheus: Prometheus, counter: str) -> dict[tuple[tuple[str, str], ...], float]:
    return {
        tuple(sorted(series.labels.items())): series.points[0][1]
        for series in prometheus.query(counter)
        if series.points
    }


def test_rules_are_loaded_and_the_objective_is_judged(prometheus: Prometheus, ask: Callable[..., Generation]) -> None:
    def all_fine() -> bool:
        groups = {group["name"]: group["rules"] for group in prometheus.get("rules")["groups"]}
        wanted = {"gpt request_errors", "gpt request_slow", "gpt causes", "platform causes", "restart causes"}
        return wanted <= set(groups) and all(rule["health"] == "ok" for rules in groups.values() for rule in rules)

    eventually(all_fine, 90, "every rule of Prometheus is loaded and evaluates")

    def judged() -> bool:
        ask("The package ")
        return len(prometheus.query('aigc_endpoint:request_slow:ratio_rate5m{aigc_endpoint="gpt"}')) == 1

    eventually(judged, 120, "the share of slow requests is recorded")


def test_every_dashboard_query_returns_data(
    prometheus: Prometheus, ask: Callable[..., Generation], plan: StackPlan
) -> None:
    queries = dict(_dashboard_queries(plan))
    assert set(queries) >= set(EMPTY_IN_HEALTH), "an exception without its query"
    waiting = set(queries)

    def all_answered() -> bool:
        # Both endpoints, so that the fleet's page has a number for each.
        for endpoint in plan.endpoints:
            ask("The package ", model=endpoint.models[0])
        # An error of Prometheus raises, also for the exceptions.
        waiting.difference_update(key for key in sorted(waiting) if prometheus.value(queries[key]) is not None)
        return waiting <= set(EMPTY_IN_HEALTH)

    try:
        eventually(all_answered, 180, "every query of every dashboard returns a number")
    finally:
        print(*(f"no number: {key}: {queries[key]}" for key in sorted(waiting)), sep="\n")  # noqa: T201 for who reads a failure


def _dashboard_queries(plan: StackPlan) -> Iterator[tuple[tuple[str, str, str], str]]:
    for page in dashboards(plan):
        endpoint = page.endpoints[0] if page.endpoints else ""
        for panel in page.panels:
            for item in panel.queries:
                filled = item.expression.replace("$endpoint", endpoint).replace("$__rate_interval", "1m")
                yield (page.uid, panel.title, item.legend), filled


def test_prometheus_has_found_alertmanager(prometheus: Prometheus) -> None:
    def found() -> bool:
        return len(prometheus.get("alertmanagers")["activeAlertmanagers"]) == 1

    eventually(found, 60, "Prometheus sends its alerts to one Alertmanager")
