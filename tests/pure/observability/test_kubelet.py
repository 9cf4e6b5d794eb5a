"""The kubelet's job: which series are kept, and under which endpoint; with a token that is renewed and one right."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from aigc.cluster.kubernetes_object import Body
from aigc.observability.kubelet import (
    SECRET,
    kubelet_bodies,
    kubelet_values,
    memory_relabelings,
    pod_pattern,
    restart_relabelings,
)
from aigc.observability.prometheus import prometheus_body
from aigc.plan.stack_plan import MonitoringPlan, ServingMode
from scripts.local.cluster.layout import EXITS_PORT
from tests.pure.observability.promtool import run
from tests.pure.program.plans import endpoint_plan, gcp_plan, local_plan

UID = "a350f97a-1726-406d-8391-b5886c428ed0"
ENDPOINTS = [
    endpoint_plan("gpt", ServingMode.KNATIVE),
    endpoint_plan("gpt-handbook", ServingMode.STEADY),
    endpoint_plan("gpt-steady", ServingMode.STEADY),
]


def relabelled(labels: dict[str, str], rules: list[Body] | None = None) -> dict[str, str] | None:
    """What Prometheus makes of a series by the rules: it anchors every expression; None when it drops the series."""
    result = dict(labels)
    for rule in memory_relabelings(ENDPOINTS) if rules is None else rules:
        found = re.fullmatch(rule["regex"], ";".join(result.get(name, "") for name in rule["sourceLabels"]))
        if (rule["action"] == "keep" and not found) or (rule["action"] == "drop" and found):
            return None
        if rule["action"] == "replace" and found:
            result[rule["targetLabel"]] = found.expand(rule["replacement"].replace("$", "\\"))
    return result


def series(**labels: str) -> dict[str, str]:
    base = {
        "__name__": "container_memory_working_set_bytes",
        "namespace": "models",
        "id": f"/aigc/kubepods/burstable/pod{UID}",
    }
    return base | labels


@pytest.mark.parametrize(
    ("pod", "endpoint"),
    [
        ("gpt-00001-deployment-7654c56d9d-sck8l", "gpt"),
        ("gpt-00012-deployment-7654c56d9d-sck8l", "gpt"),
        ("gpt-handbook-84db48957b-fp2tn", "gpt-handbook"),
        ("gpt-steady-84db48957b-fp2tn", "gpt-steady"),
        ("gpt-handbook-other-84db48957b-fp2tn", None),
        ("other-84db48957b-fp2tn", None),
    ],
)
def test_a_pod_belongs_to_its_endpoint_and_to_no_other(pod: str, endpoint: str | None) -> None:
    found = relabelled(series(pod=pod))
    assert found is not None and found.get("aigc_endpoint") == endpoint
    assert sum(bool(re.fullmatch(pod_pattern(one), pod)) for one in ENDPOINTS) == (endpoint is not None)


@pytest.mark.parametrize(
    "path",
    [
        f"/aigc/kubepods/burstable/pod{UID}",
        f"/aigc/kubepods/burstable/pod{UID}/2d8048ade327",
        f"/kubepods.slice/kubepods-burstable-pod{UID.replace('-', '_')}.slice/cri-containerd-2d.scope",
    ],
)
def test_the_pod_is_read_off_the_path_of_each_group(path: str) -> None:
    found = relabelled(series(id=path, namespace=""))
    assert found is not None and found["pod_uid"].replace("_", "-") == UID


@pytest.mark.parametrize(
    "dropped",
    [
        series(namespace="monitoring", pod="prometheus-0"),
        series(id="/aigc/kubepods", namespace=""),
        series(__name__="container_cpu_usage_seconds_total"),
        series(__name__="container_memory_failures_total", failure_type="pgfault", scope="hierarchy"),
        series(__name__="container_memory_failures_total", failure_type="pgmajfault", scope="container"),
    ],
)
def test_what_nobody_asks_for_is_not_kept(dropped: dict[str, str]) -> None:
    assert relabelled(dropped) is None


def jobs() -> dict[str, dict[str, Any]]:
    (secret,) = [body for body in kubelet_bodies(local_plan(), "prometheus") if body["kind"] == "Secret"]
    ((_, text),) = secret["stringData"].items()
    return {job["job_name"]: job for job in json.loads(text)}


def test_promtool_takes_the_jobs_but_for_files_that_only_a_pod_has(tmp_path: Any) -> None:
    token = tmp_path / "token"
    token.write_text("x")
    files = {"authorization": {"credentials_file": str(token)}, "tls_config": {}}
    written = [job | files if "authorization" in job else job for job in jobs().values()]
    path = tmp_path / "prometheus.yaml"
    path.write_text(yaml.safe_dump({"scrape_configs": written}))
    done = run("check", "config", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    path.write_text(path.read_text().replace("source_labels", "sourceLabels"))
    assert run("check", "config", str(path)).returncode != 0, "promtool would not see a misspelt field"


def test_the_token_is_the_pods_own_and_its_only_right_is_to_read_metrics() -> None:
    bodies = kubelet_bodies(local_plan(), "prometheus")
    (role,) = [body for body in bodies if body["kind"] == "ClusterRole"]
    assert role["rules"] == [{"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]}]
    for name in ("kubelet", "kubelet-resource"):
        assert jobs()[name]["authorization"]["credentials_file"].startswith("/var/run/secrets/")
        assert jobs()[name]["static_configs"] == [{"targets": ["10.217.0.1:10250"]}]
    assert "insecure_skip_verify" not in json.dumps(jobs())


def test_the_keeper_is_asked_where_it_listens_and_told_nothing() -> None:
    job = jobs()["host-processes"]
    assert job["static_configs"] == [{"targets": [f"{EXITS_PORT.address}:{EXITS_PORT.number}"]}]
    assert "authorization" not in job, "a token over plain HTTP"


@pytest.mark.parametrize(
    ("name", "namespace", "kept"),
    [
        ("container_start_time_seconds", "models", True),
        ("container_start_time_seconds", "monitoring", True),
        ("pod_cpu_usage_seconds_total", "models", True),
        ("container_start_time_seconds", "kube-system", False),
        ("container_cpu_usage_seconds_total", "models", False),
        ("node_cpu_usage_seconds_total", "", False),
    ],
)
def test_of_restarts_only_our_own_are_kept(name: str, namespace: str, kept: bool) -> None:
    namespaces = [namespace.name for namespace in local_plan().namespaces]
    labels = {"__name__": name, "namespace": namespace, "pod": "a", "container": "b"}
    assert (relabelled(labels, restart_relabelings(namespaces)) == labels) is kept


@pytest.mark.parametrize("asks", [True, False])
def test_a_prometheus_that_asks_no_kubelet_has_no_token(asks: bool) -> None:
    spec = prometheus_body("dev.local/prometheus:2.42", MonitoringPlan(retention_hours=1), asks_kubelet=asks)["spec"]
    assert spec["automountServiceAccountToken"] is asks
    assert ("additionalScrapeConfigs" in spec) is asks
    assert not asks or spec["additionalScrapeConfigs"]["name"] == SECRET


def test_where_nodes_come_and_go_the_chart_scrapes_them() -> None:
    assert kubelet_bodies(gcp_plan(), "prometheus") == []
    assert kubelet_values(gcp_plan())["serviceMonitor"]["cAdvisorMetricRelabelings"] == memory_relabelings(
        gcp_plan().endpoints
    )
    assert kubelet_values(gcp_plan())["serviceMonitor"]["resource"] is True
    assert kubelet_values(gcp_plan())["serviceMonitor"]["resourceMetricRelabelings"] == restart_relabelings(
        [namespace.name for namespace in gcp_plan().namespaces]
    )
