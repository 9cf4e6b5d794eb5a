"""Prometheus sees Triton, Knative and the gateway: every target up, and the counters move with requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from scripts.local.workloads import Workloads
from scripts.model.client import Generation
from tests.live.conftest import eventually

pytestmark = pytest.mark.live

MONITORING = "monitoring"
WEB_PORT = 9090


@pytest.fixture
def prometheus(workloads: Workloads) -> str:
    pods = workloads.core.list_namespaced_pod(MONITORING, label_selector="app.kubernetes.io/name=prometheus").items
    return f"http://{pods[0].status.pod_ip}:{WEB_PORT}/api/v1"


def query(prometheus: str, expression: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{prometheus}/query", params={"query": expression}, timeout=10).raise_for_status().json()
    return list(answer["data"]["result"])


def value(prometheus: str, expression: str) -> float:
    return sum(float(row["value"][1]) for row in query(prometheus, expression))


def test_every_target_is_up(prometheus: str, ask: Callable[..., Generation]) -> None:
    ask("The package ")

    def all_up() -> bool:
        rows = query(prometheus, "up")
        down = [row["metric"] for row in rows if row["value"][1] != "1"]
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
def test_a_request_is_counted(counter: str, prometheus: str, ask: Callable[..., Generation]) -> None:
    ask("The package ")
    eventually(lambda: value(prometheus, counter) > 0, 90, f"{counter} is there")
    before = value(prometheus, counter)
    for _ in range(3):
        ask("The package ")
    eventually(lambda: value(prometheus, counter) >= before + 3, 90, f"{counter} counts three requests")


def test_rules_are_loaded_and_the_objective_is_judged(prometheus: str, ask: Callable[..., Generation]) -> None:
    def all_fine() -> bool:
        answer = httpx.get(f"{prometheus}/rules", timeout=10).raise_for_status().json()
        groups = {group["name"]: group["rules"] for group in answer["data"]["groups"]}
        wanted = {"gpt request_errors", "gpt request_slow", "gpt causes", "platform causes"}
        return wanted <= set(groups) and all(rule["health"] == "ok" for rules in groups.values() for rule in rules)

    eventually(all_fine, 90, "every rule of Prometheus is loaded and evaluates")

    def judged() -> bool:
        ask("The package ")
        return len(query(prometheus, 'aigc_endpoint:request_slow:ratio_rate5m{aigc_endpoint="gpt"}')) == 1

    eventually(judged, 120, "the share of slow requests is recorded")
