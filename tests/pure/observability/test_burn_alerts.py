"""Each burn-rate alert under the real promtool: silent, firing, and silent again soon after the cause has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from aigc.observability.rules import rule_bodies
from aigc.plan.stack_plan import StackPlan
from tests.pure.observability.promtool import Check, Scenario, Series, faults, firing, rule_file
from tests.pure.observability.traffic import gateway, queue_proxy
from tests.pure.program.plans import gcp_plan, keeping, local_plan

KEPT_HOURS = 240
BUDGETS = {"EndpointErrorBudgetBurn": 0.005, "EndpointLatencyBudgetBurn": 0.01}
"""By the objectives of the hand-made plans: 99.5% without an error, 99% within 2000 ms."""
RECORDED = {"EndpointErrorBudgetBurn": "request_errors", "EndpointLatencyBudgetBurn": "request_slow"}


@dataclass(frozen=True)
class Outage:
    """A burst in which every request is bad, in steps of which 6 are a bit more than the short window or just that."""

    window: str
    factor: float
    step_seconds: int
    window_steps: int
    burst_steps: int


OUTAGES = (
    Outage("1h", 14.4, step_seconds=60, window_steps=60, burst_steps=12),
    Outage("6h", 6, step_seconds=300, window_steps=72, burst_steps=6),
    Outage("1d", 3, step_seconds=1200, window_steps=72, burst_steps=6),
    Outage("3d", 1, step_seconds=3600, window_steps=72, burst_steps=6),
)
SHORT_STEPS = 6
SOURCES: dict[str, tuple[Callable[[], StackPlan], Callable[..., Series]]] = {
    "gateway": (local_plan, gateway),
    "queue-proxy": (gcp_plan, queue_proxy),
}


def rules_of(plan: StackPlan, folder: Path) -> Path:
    only = plan.model_copy(update={"endpoints": plan.endpoints[:1]})
    return rule_file(rule_bodies(keeping(only, KEPT_HOURS)), folder)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return rules_of(local_plan(), tmp_path)


def outage_checks(outage: Outage, alert: str) -> list[Check]:
    start = outage.window_steps
    end = start + outage.burst_steps
    expression, ratio = firing(alert, window=outage.window), f"aigc_endpoint:{RECORDED[alert]}:ratio_rate"
    return [
        Check(start, expression, 0),
        Check(end, expression, 1),
        # The long window still holds the burst; it is the short one that ends the alert.
        Check(end + SHORT_STEPS, f"sum({ratio}{outage.window}) > bool {outage.factor * BUDGETS[alert]}", 1),
        Check(end + SHORT_STEPS, expression, 0),
    ]


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_fires_in_an_outage_and_ends_soon_after_it(source: str, tmp_path: Path) -> None:
    plan, traffic = SOURCES[source]
    scenarios = []
    for outage in OUTAGES:
        # Half of the smaller budget is used all the time, which must never alert.
        shares = [0.0025] * outage.window_steps + [1.0] * outage.burst_steps + [0.0025] * SHORT_STEPS
        checks = [check for alert in BUDGETS for check in outage_checks(outage, alert)]
        scenarios.append(Scenario(outage.step_seconds, traffic(shares), checks, evaluated_every_steps=SHORT_STEPS))
    assert faults(rules_of(plan(), tmp_path), *scenarios) == ""


@pytest.mark.parametrize("alert", sorted(BUDGETS))
def test_fires_above_its_rate_and_not_below(alert: str, rules: Path) -> None:
    scenarios = []
    for outage in OUTAGES:
        for part, expected in ((1.05, 1), (0.95, 0)):
            series = gateway([part * outage.factor * BUDGETS[alert]] * outage.window_steps)
            check = Check(outage.window_steps, firing(alert, window=outage.window), expected)
            scenarios.append(Scenario(outage.step_seconds, series, [check], evaluated_every_steps=outage.window_steps))
    assert faults(rules, *scenarios) == ""


def test_another_endpoint_whose_name_begins_the_same_is_another(rules: Path) -> None:
    series = gateway([0.0] * 60) | gateway([1.0] * 60, "gpt-handbook")
    checks = [Check(60, firing(alert), 0) for alert in BUDGETS]
    checks.append(Check(60, 'sum(aigc_endpoint:request_errors:ratio_rate1h{aigc_endpoint="gpt"})', 0))
    assert faults(rules, Scenario(60, series, checks, evaluated_every_steps=10)) == ""


def test_without_requests_nothing_burns_and_nothing_is_nan(rules: Path) -> None:
    idle = {name: values[-1:] * 61 for name, values in gateway([0.5] * 3).items()}
    checks = [Check(60, firing(alert), 0) for alert in BUDGETS]
    checks.append(Check(60, 'count({__name__=~"aigc_endpoint:.*:ratio_rate.*"})', None))
    # One that is not a number would make the sum not a number.
    numbers = Check(60, 'sum({__name__=~"aigc_endpoint:.*:increase.*"})', 0)
    never_seen: Series = {'up{job="gateway"}': [1] * 61}
    assert (
        faults(
            rules,
            Scenario(60, idle, [*checks, numbers], evaluated_every_steps=10),
            Scenario(60, never_seen, checks, evaluated_every_steps=10),
        )
        == ""
    )


def test_one_bad_request_alone_never_alerts(rules: Path) -> None:
    # One of six requests in an hour is 33 times the budget of errors and 17 times that of slow ones.
    one, two = (gateway([None] * 54 + [0.0, 0.0, *bad, 0.0, 0.0], requests=1) for bad in ([1.0, 0.0], [1.0, 1.0]))
    scenarios = [
        Scenario(60, series, [Check(60, firing(alert, window="1h"), expected) for alert in BUDGETS], 10)
        for series, expected in ((one, 0), (two, 1))
    ]
    assert faults(rules, *scenarios) == ""
