"""With a webhook its secret reaches Alertmanager's configuration, hidden as a whole, on clusters of both kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from aigc.config.stacks import PROJECT_ROOT
from scripts.engine.api import preview_graph
from scripts.engine.graph import Graph
from scripts.engine.wire import UNKNOWN, is_secret
from tests.programs.graphs import graph_of

CIPHERTEXT = "v1:nobody-can-read-this"


def graph_with_webhook(stack: str, root: Path) -> Graph:
    for name in ("Pulumi.yaml", "infra", "model_repository", "k8s"):
        (root / name).symlink_to(PROJECT_ROOT / name)
    content = yaml.safe_load((PROJECT_ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text())
    monitoring = content["config"]["aigc:stack"].setdefault("monitoring", {})
    monitoring["alert_webhook"] = True
    content["config"]["aigc:secrets"] = {"alert_webhook_url": {"secure": CIPHERTEXT}}
    (root / "stacks").mkdir()
    (root / "stacks" / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(content))
    return preview_graph(stack, root)


def test_the_local_configuration_is_a_secret_that_is_not_known_offline(tmp_path: Path) -> None:
    graph = graph_with_webhook("local", tmp_path)
    (config,) = [item for item in graph.kubernetes_objects() if item.urn.endswith("::monitoring/alertmanager-config")]
    assert hidden(config.inputs["stringData"])
    names = {item.inputs["metadata"]["name"] for item in graph.kubernetes_objects()}
    assert "alertmanager-to-webhook" in names
    assert CIPHERTEXT not in str([item.inputs for item in graph.resources])


def test_the_chart_gets_it_as_a_secret(tmp_path: Path) -> None:
    graph = graph_with_webhook("gcp-dev", tmp_path)
    (release,) = [item for item in graph.resources if item.is_release and "prometheus" in item.name]
    assert hidden(release.inputs["values"]["alertmanager"]["config"])


@pytest.mark.parametrize("stack", ["local", "gcp-dev"])
def test_without_a_webhook_nothing_leaves_the_cluster(stack: str) -> None:
    graph = graph_of(stack)
    names = {item.inputs["metadata"]["name"] for item in graph.kubernetes_objects()}
    assert "alertmanager-to-webhook" not in names


def hidden(value: Any) -> bool:
    """Whether the engine knows of it that it is a secret, and nothing else."""
    return is_secret(value) and UNKNOWN in str(value)
