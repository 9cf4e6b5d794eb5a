"""Alertmanager's own tool accepts our configuration and routes as it says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from aigc.observability.alertmanager import alertmanager_bodies, alertmanager_config, target_bodies
from scripts.local.supply.test_tools import ensure_test_tool
from scripts.progress import Progress

URL = "https://hooks.example.com/services/T0/B0/a-token"


@pytest.fixture(scope="module", params=[None, URL], ids=["seen here", "webhook"])
def config(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("alertmanager") / "alertmanager.yaml"
    path.write_text(json.dumps(alertmanager_config(request.param)))
    return path


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = ensure_test_tool("amtool", Progress(quiet=True))
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)


def test_its_own_tool_accepts_the_configuration(config: Path) -> None:
    checked = amtool("check-config", str(config))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "1 inhibit rules" in checked.stdout


def test_a_fault_in_the_configuration_would_be_found(config: Path) -> None:
    broken = config.with_name("broken.yaml")
    broken.write_text(config.read_text().replace('"receivers": [', '"receivers": [], "nothing": ['))
    assert amtool("check-config", str(broken)).returncode != 0


@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_every_alert_has_a_receiver(severity: str, config: Path) -> None:
    routed = amtool("config", "routes", "test", f"--config.file={config}", f"severity={severity}", "aigc_endpoint=gpt")
    assert routed.stdout.strip() == json.loads(config.read_text())["receivers"][0]["name"]


def test_a_page_inhibits_the_ticket_of_the_same_objective_only() -> None:
    (rule,) = alertmanager_config()["inhibit_rules"]
    assert rule["source_matchers"] == ['severity="page"'] and rule["target_matchers"] == ['severity="ticket"']
    assert rule["equal"] == ["alertname", "aigc_endpoint"]


def test_the_server_reads_the_secret_and_prometheus_finds_the_server() -> None:
    secret, server = alertmanager_bodies("dev.local/prometheus-alertmanager:0.25", alertmanager_config())
    assert server["spec"]["configSecret"] == secret["metadata"]["name"]
    assert server["spec"]["version"] == "v0.25.0"
    (targets,) = target_bodies()
    ((_, text),) = targets["stringData"].items()
    (entry,) = json.loads(text)
    assert entry["dns_sd_configs"][0]["names"] == ["alertmanager-operated.monitoring.svc.cluster.local"]
