"""The rules as values: names, budgets, boundaries, what is left out and why; and that promtool takes them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from aigc.config.stacks import PROJECT_ROOT
from aigc.observability.alerts import BURN_RATES
from aigc.observability.metric_names import GATEWAY_BOUNDARIES_MS, gateway_series, queue_proxy_series
from aigc.observability.prometheus import chart_values, prometheus_body
from aigc.observability.rules import LEFT_OUT, rule_bodies
from aigc.observability.slo import kept_windows
from aigc.plan.stack_plan import MonitoringPlan, ServingMode, SloPlan, StackPlan
from aigc.plan.validation import plan_of
from tests.programs.graphs import STACKS
from tests.pure.observability.promtool import rule_file, run
from tests.pure.program.plans import endpoint_plan, gcp_plan, keeping, local_plan

Body = dict[str, Any]

SHORT_HOURS, LONG_HOURS = 24, 240


def with_slo(plan: StackPlan, p99_ms: float = 2000, availability_percent: float = 99.5) -> StackPlan:
    slo = SloPlan(p99_ms=p99_ms, availability_percent=availability_percent)
    endpoints = tuple(endpoint.model_copy(update={"slo": slo}) for endpoint in plan.endpoints)
    return plan.model_copy(update={"endpoints": endpoints})


def rules_of(body: Body) -> list[Body]:
    return [rule for group in body["spec"]["groups"] for rule in group["rules"]]


def burns(body: Body) -> list[tuple[str, str, str]]:
    return [
        (rule["alert"], rule["labels"]["window"], rule["labels"]["severity"])
        for rule in rules_of(body)
        if "window" in rule["labels"]
    ]


def left_out(body: Body) -> str:
    return str(body["metadata"].get("annotations", {}).get(LEFT_OUT, ""))


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("retention_hours", [SHORT_HOURS, LONG_HOURS])
def test_promtool_takes_the_rules_of_every_stack(stack: str, retention_hours: int, tmp_path: Path) -> None:
    done = run(
        "check",
        "rules",
        "--lint-fatal",
        str(rule_file(rule_bodies(keeping(plan_of(stack), retention_hours)), tmp_path)),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_would_refuse_a_wrong_rule(tmp_path: Path) -> None:
    bodies = rule_bodies(local_plan())
    rules_of(bodies[0])[0]["expr"] += " +"
    assert run("check", "rules", str(rule_file(bodies, tmp_path))).returncode != 0


def test_one_object_an_endpoint_and_one_for_the_platform() -> None:
    names = [body["metadata"]["name"] for body in rule_bodies(local_plan())]
    assert names == ["endpoint-gpt", "endpoint-steady", "platform"]


def test_boundaries_are_those_of_the_gateway() -> None:
    bootstrap = yaml.safe_load((PROJECT_ROOT / "k8s/local/gateway/envoy-bootstrap.yaml").read_text())
    (settings,) = bootstrap["stats_config"]["histogram_bucket_settings"]
    assert list(GATEWAY_BOUNDARIES_MS) == settings["buckets"]


@pytest.mark.parametrize(
    ("p99_ms", "gateway_ms", "queue_proxy_ms"),
    [(0.5, 1, 5), (2500, 2500, 2500), (2500.1, 3300, 5000), (5000, 6000, 5000), (600_000, 600_000, None)],
)
def test_the_boundary_is_the_smallest_that_holds_the_objective(
    p99_ms: float, gateway_ms: float, queue_proxy_ms: float | None
) -> None:
    assert gateway_series("gpt").boundary_ms(p99_ms) == gateway_ms
    assert queue_proxy_series("gpt").boundary_ms(p99_ms) == queue_proxy_ms


@pytest.mark.parametrize(("boundary_ms", "pattern"), [(5, r"0\\.005"), (2500, r"2\\.5"), (5000, r"5(\\.0)?")])
def test_boundaries_of_the_queue_proxy_are_seconds(boundary_ms: float, pattern: str) -> None:
    assert f'le=~"{pattern}"' in queue_proxy_series("gpt").within(boundary_ms)


def test_an_objective_between_two_boundaries_says_by_which_it_is_judged() -> None:
    body = rule_bodies(with_slo(local_plan(), p99_ms=5000))[0]
    words = [
        rule["annotations"]["description"] for rule in rules_of(body) if rule.get("alert", "").startswith("EndpointL")
    ]
    assert words
    assert all("within 5000 ms (judged at the next boundary of the histogram, 6000 ms)" in word for word in words)


def test_thresholds_are_factor_times_budget() -> None:
    body = rule_bodies(keeping(with_slo(local_plan(), availability_percent=99.9), LONG_HOURS))[0]
    for alert, budget in (("EndpointErrorBudgetBurn", 0.001), ("EndpointLatencyBudgetBurn", 0.01)):
        by_window = {rule["labels"]["window"]: rule["expr"] for rule in rules_of(body) if rule.get("alert") == alert}
        assert list(by_window) == [rate.long for rate in BURN_RATES]
        for rate in BURN_RATES:
            assert f"ratio_rate{rate.short}" in by_window[rate.long]
            assert by_window[rate.long].count(f"> {rate.factor * budget:.6g} ") == 2


@pytest.mark.parametrize(("hours", "longest"), [(24, "1d"), (23, "6h"), (72, "3d"), (240, "3d"), (1, "1h")])
def test_windows_end_with_the_retention(hours: int, longest: str) -> None:
    assert kept_windows(keeping(local_plan(), hours))[-1].name == longest


def test_no_window_is_kept_where_nothing_keeps_data() -> None:
    assert kept_windows(local_plan().model_copy(update={"monitoring": None})) == ()


def test_what_the_retention_forbids_is_left_out_with_the_reason() -> None:
    short, long = (rule_bodies(keeping(local_plan(), hours))[0] for hours in (SHORT_HOURS, LONG_HOURS))
    assert not any("3d" in str(rule) for rule in rules_of(short))
    assert "request_errors at 1 times over 3d: Prometheus keeps data for 24 hours only" in left_out(short)
    assert [window for _, window, _ in burns(short)] == ["1h", "6h", "1d"] * 2
    assert [window for _, window, _ in burns(long)] == ["1h", "6h", "1d", "3d"] * 2
    assert left_out(long) == ""


def test_the_rules_know_the_retention_that_is_deployed() -> None:
    monitoring = MonitoringPlan(retention_hours=77)
    assert prometheus_body("dev.local/prometheus:2.42", monitoring, asks_kubelet=True)["spec"]["retention"] == "77h"
    assert chart_values(gcp_plan(), monitoring, {})["prometheus"]["prometheusSpec"]["retention"] == "77h"


def test_a_budget_that_cannot_burn_so_fast_is_left_out() -> None:
    # 14.4 times a budget of 10% is 144% of all requests.
    body = rule_bodies(with_slo(local_plan(), availability_percent=90))[0]
    assert ("EndpointErrorBudgetBurn", "1h", "page") not in burns(body)
    assert ("EndpointErrorBudgetBurn", "6h", "page") in burns(body)
    assert "is more than all requests" in left_out(body)


def test_an_objective_beyond_the_histogram_is_left_out_with_the_reason() -> None:
    body = rule_bodies(with_slo(local_plan(), p99_ms=600_001))[0]
    assert {alert for alert, _, _ in burns(body)} == {"EndpointErrorBudgetBurn"}
    assert "the histogram ends at 600000 ms" in left_out(body)


def test_where_nothing_counts_requests_the_object_says_so() -> None:
    plan = gcp_plan().model_copy(update={"endpoints": (endpoint_plan("steady", ServingMode.STEADY),)})
    body = rule_bodies(plan)[0]
    assert burns(body) == []
    assert left_out(body).startswith("objectives: ")


def test_the_gateway_and_host_processes_are_watched_only_where_they_are_ours() -> None:
    local, gcp = ({rule["alert"] for rule in rules_of(rule_bodies(plan)[-1])} for plan in (local_plan(), gcp_plan()))
    assert local - gcp == {"GatewayUnseen", "HostProcessRestarted"}
