"""What ended is named, and nothing else is: new pods, rolling updates and counters that begin anew are no restarts."""

from __future__ import annotations

from math import nan
from pathlib import Path

import pytest

from aigc.observability.rules import LEFT_OUT, rule_bodies
from tests.pure.observability.promtool import Check, Scenario, Series, faults, rule_file
from tests.pure.program.plans import gcp_plan, local_plan

STEP_SECONDS = 5
EXITS = "aigc_host_process_exits_total"


def container(values: list[float], pod: str = "gpt-1", name: str = "triton") -> Series:
    return {f'container_start_time_seconds{{namespace="models",pod="{pod}",container="{name}"}}': values}


def pod_cpu(values: list[float], pod: str = "gpt-1") -> Series:
    return {f'pod_cpu_usage_seconds_total{{namespace="models",pod="{pod}"}}': values}


def alerts(alert: str, **labels: str) -> str:
    matchers = [f'alertname="{alert}"', *(f'{key}="{value}"' for key, value in labels.items())]
    return f"count(ALERTS{{{','.join(matchers)}}}) or vector(0)"


def exits(values: list[float], process: str) -> Series:
    return {f'{EXITS}{{process="{process}"}}': values}


def growing(steps: int, begin: float = 0.0) -> list[float]:
    return [begin + 0.1 * step for step in range(steps)]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (platform,) = [body for body in rule_bodies(local_plan()) if body["metadata"]["name"] == "platform"]
    platform["spec"]["groups"] = [group for group in platform["spec"]["groups"] if group["name"] == "restart causes"]
    return rule_file([platform], tmp_path)


def test_a_killed_container_is_named_with_its_pod_and_no_other_is(rules: Path) -> None:
    series = {
        **container([100.0] * 20 + [200.0] * 100),
        **container([100.0] * 120, name="queue-proxy"),
        **container([100.0] * 120, pod="gpt-2"),
        **pod_cpu(growing(120)),
        **pod_cpu(growing(120), pod="gpt-2"),
    }
    named = alerts("ContainerRestarted", namespace="models", pod="gpt-1", container="triton")
    all_of_it = alerts("ContainerRestarted")
    checks = [Check(19, all_of_it, 0), Check(20, named, 1), Check(70, all_of_it, 1), Check(90, all_of_it, 0)]
    assert faults(rules, Scenario(STEP_SECONDS, series, checks)) == ""


def test_a_container_that_crash_loops_is_named_although_it_is_seldom_there(rules: Path) -> None:
    seldom = [100.0, nan, nan, 113.0, nan, nan, nan, nan, nan, 150.0] + [nan] * 30
    series = {**container(seldom), **container([100.0] * 40, name="mux"), **pod_cpu(growing(40))}
    checks = [Check(2, alerts("ContainerRestarted"), 0), Check(12, alerts("ContainerRestarted", container="triton"), 1)]
    assert faults(rules, Scenario(STEP_SECONDS, series, checks)) == ""


INNOCENT: dict[str, Series] = {
    "a pod that is new": {**container([nan] * 20 + [200.0] * 40), **pod_cpu([nan] * 20 + growing(40))},
    "a rolling update of a Deployment": {
        **container([100.0] * 30 + [nan] * 30),
        **pod_cpu(growing(30) + [nan] * 30),
        **container([nan] * 20 + [200.0] * 40, pod="gpt-2"),
        **pod_cpu([nan] * 20 + growing(40), pod="gpt-2"),
    },
    "a rolling update of a StatefulSet, whose pods keep their names": {
        **container([100.0] * 20 + [nan] * 3 + [200.0] * 37),
        **pod_cpu(growing(20, begin=9.0) + [nan] * 3 + growing(37)),
    },
    "a kubelet that does not answer for a while": {
        **container([100.0] * 20 + [nan] * 10 + [100.0] * 30),
        **pod_cpu(growing(20) + [nan] * 10 + growing(30, begin=3.0)),
    },
    "nothing that ever ended": exits([0.0] * 60, "etcd"),
    "what ended before Prometheus began": exits([nan] * 20 + [7.0] * 40, "etcd"),
    "a counter that begins anew": exits([7.0] * 20 + [0.0] * 40, "etcd"),
    "a keeper that is away for a while": exits([7.0] * 20 + [nan] * 10 + [7.0] * 30, "etcd"),
}


@pytest.mark.parametrize("name", INNOCENT)
def test_what_only_looks_like_a_restart_is_none(name: str, rules: Path) -> None:
    checks = [Check(step, 'count(ALERTS{alertname=~".*Restarted"}) or vector(0)', 0) for step in range(60)]
    assert faults(rules, Scenario(STEP_SECONDS, INNOCENT[name], checks)) == ""


def test_a_host_process_is_named_at_its_first_end_and_also_when_the_counter_begins_anew(rules: Path) -> None:
    series = {
        **exits([0.0] * 20 + [1.0] * 100, "etcd"),
        # The log was rotated, and then it ended again.
        **exits([7.0] * 20 + [0.0] * 10 + [1.0] * 90, "kubelet"),
        **exits([0.0] * 20 + [nan] * 3 + [1.0] * 97, "keeper"),
        **exits([3.0] * 120, "coredns"),
    }
    checks = [
        Check(19, alerts("HostProcessRestarted"), 0),
        *(Check(35, alerts("HostProcessRestarted", process=name), 1) for name in ("etcd", "kubelet", "keeper")),
        Check(35, alerts("HostProcessRestarted"), 3),
        Check(119, alerts("HostProcessRestarted"), 0),
    ]
    assert faults(rules, Scenario(STEP_SECONDS, series, checks)) == ""


def names_of(plan: object) -> tuple[set[str], str]:
    (platform,) = [body for body in rule_bodies(plan) if body["metadata"]["name"] == "platform"]  # type: ignore[arg-type]
    rules = [rule for group in platform["spec"]["groups"] for rule in group["rules"]]
    left_out = platform["metadata"].get("annotations", {}).get(LEFT_OUT, "")
    return {rule["alert"] for rule in rules if rule["alert"].endswith("Restarted")}, left_out


def test_an_alert_is_there_only_where_its_series_are() -> None:
    nowhere = local_plan().model_copy(update={"cluster": local_plan().cluster.model_copy(update={"node_cidr": None})})
    assert names_of(local_plan()) == ({"ContainerRestarted", "HostProcessRestarted"}, "")
    assert names_of(gcp_plan()) == ({"ContainerRestarted"}, "")
    assert names_of(nowhere) == (set(), "restarts of containers: nothing here knows the addresses of the nodes")
