"""A cluster of one's own: what the command line names reaches the plan and the program alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from aigc.config.stacks import PROJECT_ROOT
from aigc.plan.validation import plan_of
from scripts.engine.runner import run_stack
from scripts.own_cluster import kubeconfig_path

OWN = {"kubeconfig": "/home/me/kubeconfig", "context": "mine", "registry": "registry.example/team"}


def test_the_plan_takes_images_from_the_registry_and_assumes_nothing_of_the_node() -> None:
    plan = plan_of("local", overrides=OWN)
    references = [*plan.images.values(), *(endpoint.source.image for endpoint in plan.endpoints)]
    assert all(reference.startswith("registry.example/team/") for reference in references)
    assert (plan.cluster.kubeconfig, plan.cluster.context) == ("/home/me/kubeconfig", "mine")
    assert plan.cluster.node_cidr is None


def test_the_program_sees_the_same() -> None:
    graph = run_stack("local", PROJECT_ROOT, overrides=OWN)
    (provider,) = [item for item in graph.resources if item.type == "pulumi:providers:kubernetes"]
    assert (provider.inputs["kubeconfig"], provider.inputs["context"]) == ("/home/me/kubeconfig", "mine")
    text = str([item.inputs for item in graph.kubernetes_objects()])
    assert "registry.example/team/triton-gpt:" in text
    assert "dev.local/" not in text.replace("ko.local,dev.local", "")
    assert "10.217.0.1" not in text


def test_without_a_registry_there_is_no_plan() -> None:
    with pytest.raises(UserError, match="registry"):
        plan_of("local", overrides={"kubeconfig": "/home/me/kubeconfig"})


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no kubeconfig"):
        kubeconfig_path(tmp_path / "nothing")
