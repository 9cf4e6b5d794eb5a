"""Manifests: the very file that the plan names, read as Kubernetes reads it, changed only where we mean to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.faults import UserError
from aigc.foundation.knative import knative_stages
from aigc.foundation.manifest import manifest_text
from aigc.foundation.yaml_documents import documents
from aigc.observability.operator import operator_bodies
from aigc.plan.stack_plan import ComponentPlan, StackPlan
from tests.pure.program.graphs import write_manifests
from tests.pure.program.plans import local_plan


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackPlan:
    return local_plan(write_manifests(tmp_path, monkeypatch))


def component(plan: StackPlan, name: str) -> ComponentPlan:
    return next(part for part in plan.components if part.name == name)


def every_string(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in every_string(item)]
    if isinstance(value, list):
        return [text for item in value for text in every_string(item)]
    return [value] if isinstance(value, str) else []


def test_a_missing_manifest_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIGC_CACHE_DIR", str(tmp_path))
    with pytest.raises(UserError, match="python -m scripts cluster manifests"):
        manifest_text(component(local_plan(), "knative-serving"))


def test_another_manifest_than_the_planned_one_is_refused(plan: StackPlan) -> None:
    changed = component(plan, "knative-serving").model_copy(update={"manifest_sha256": "0" * 64})
    with pytest.raises(UserError, match=rf"the plan wants {'0' * 64}.*python -m scripts cluster manifests"):
        manifest_text(changed)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("off", "off"),
        ("1:30", "1:30"),
        ("2024-01-02", "2024-01-02"),
        ("=", "="),
        ("0o14", "0o14"),
        ("010", 10),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        ("-2", -2),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ('"true"', "true"),
    ],
)
def test_scalars_are_read_as_yaml_1_2(text: str, value: object) -> None:
    written = f"kind: ConfigMap\nmetadata: {{name: a}}\nvalue: {text}\n"
    (body,) = documents(written, lambda kind, name: True)
    assert body["value"] == value
    assert type(body["value"]) is type(value)


def test_knative_is_staged_so_that_nothing_comes_before_what_it_needs(plan: StackPlan) -> None:
    stages = knative_stages(plan, component(plan, "knative-serving"))
    kinds = {name: {body["kind"] for body in bodies} for name, bodies in vars(stages).items()}
    assert kinds == {
        "definitions": {"CustomResourceDefinition"},
        "settings": {"ClusterRole", "ConfigMap", "Secret"},
        "workloads": {"Deployment", "Service"},
        "webhooks": {"MutatingWebhookConfiguration"},
        "custom": {"Image"},
    }


def test_every_knative_image_is_ours(plan: StackPlan) -> None:
    stages = knative_stages(plan, component(plan, "knative-serving"))
    strings = [text for bodies in vars(stages).values() for text in every_string(bodies)]
    assert [text for text in strings if text.startswith("ko://")] == []
    assert stages.custom[0]["spec"]["image"] == plan.images["knative-queue"]


def test_an_image_that_nobody_builds_is_refused(plan: StackPlan) -> None:
    images = {role: image for role, image in plan.images.items() if role != "knative-webhook"}
    with pytest.raises(UserError, match=r"no image stands for ko://knative\.dev/serving/cmd/webhook"):
        knative_stages(plan.model_copy(update={"images": images}), component(plan, "knative-serving"))


def test_knative_is_configured_from_the_plan_and_examples_stay(plan: StackPlan) -> None:
    stages = knative_stages(plan, component(plan, "knative-serving"))
    maps = {body["metadata"]["name"]: body["data"] for body in stages.settings if body["kind"] == "ConfigMap"}
    assert all(data["_example"] == "kept: yes" for data in maps.values()), "a checksum is kept over it"
    assert maps["config-gc"] == {"_example": "kept: yes"}
    assert plan.knative_features.items() <= maps["config-features"].items()
    assert maps["config-domain"]["aigc.internal"] == ""
    assert maps["config-autoscaler"]["allow-zero-initial-scale"] == "true"
    assert maps["config-deployment"]["queue-sidecar-image"] == plan.images["knative-queue"]
    assert maps["config-deployment"]["progress-deadline"] == "700s", "the slowest endpoint of the plan"
    assert maps["config-network"]["ingress-class"] == "aigc.ingress.networking.knative.dev"
    assert maps["config-observability"]["request-metrics-protocol"] == "prometheus"


def test_what_others_write_is_left_to_them(plan: StackPlan) -> None:
    stages = knative_stages(plan, component(plan, "knative-serving"))
    (role,) = [body for body in stages.settings if body["kind"] == "ClusterRole"]
    assert "rules" not in role, "the aggregation controller fills them"
    assert stages.webhooks[0]["metadata"]["annotations"]["pulumi.com/waitFor"].endswith(".clientConfig.caBundle}")
    assert stages.webhooks[0]["webhooks"] == [{"name": "webhook.serving.knative.dev", "sideEffects": "None"}]


def test_the_operator_is_moved_to_our_namespace_with_our_images(plan: StackPlan) -> None:
    bodies = operator_bodies(component(plan, "prometheus-operator"), plan.images)
    assert "default" not in every_string(bodies)
    (deployment,) = [body for body in bodies if body["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == plan.images["prometheus-operator"]
    assert container["args"] == [
        "--disable-unmanaged-prometheus-configuration=true",
        "--kubelet-endpoints=false",
        f"--prometheus-config-reloader={plan.images['prometheus-config-reloader']}",
    ]
    names = {body["metadata"]["name"] for body in bodies if body["kind"] == "CustomResourceDefinition"}
    assert names == {f"{kind}.monitoring.coreos.com" for kind in ("prometheuses", "scrapeconfigs", "alertmanagers")}
