"""The policy pack, called as Pulumi calls it: by the requests of the analyzer's protocol, made from real graphs."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer

from aigc.catalog.labels import POOL_LABEL
from aigc.config.stacks import PROJECT_ROOT
from aigc.policy.judge import ALL_RULES
from scripts.engine.graph import STACK_TYPE, Graph, Resource
from scripts.engine.wire import to_struct
from tests.programs.graphs import STACKS

FOLDER = PROJECT_ROOT / "infra" / "policy_pack"
MANDATORY, ADVISORY = 1, 0
"""pulumirpc.EnforcementLevel."""


def pack() -> ModuleType:
    spec = importlib.util.spec_from_file_location("aigc_policy_pack", FOLDER / "__main__.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Engine:
    """The half of Pulumi that talks to a policy pack."""

    def __init__(self, stack: str, *, looks: bool) -> None:
        environment = {"PULUMI_STACK": stack, "PULUMI_DRY_RUN": "true" if looks else "false"}
        policies = pack().policies(environment)
        self._pack = _PolicyAnalyzerServicer("aigc", "1.0.0", policies, EnforcementLevel.ADVISORY, None)

    def analyze(self, graph: Graph) -> set[tuple[str, int, str]]:
        """Every finding as (rule, level, logical name), from each resource and then from the stack."""
        by_urn, found = graph.by_urn(), []
        for item in graph.resources:
            request = analyzer_pb2.AnalyzeRequest(**self._parts(item, by_urn))
            found += self._pack.Analyze(request, None).diagnostics  # type: ignore[no-untyped-call]
        resources = [analyzer_pb2.AnalyzerResource(**self._parts(item, by_urn), parent=item.parent)
                     for item in graph.resources]  # fmt: skip
        asked = analyzer_pb2.AnalyzeStackRequest(resources=resources)
        found += self._pack.AnalyzeStack(asked, None).diagnostics  # type: ignore[no-untyped-call]
        return {(item.policyName, item.enforcementLevel, item.urn.split("::")[-1]) for item in found}

    @staticmethod
    def _parts(item: Resource, by_urn: dict[str, Resource]) -> dict[str, Any]:
        provider = by_urn.get(item.provider)
        parts: dict[str, Any] = {
            "type": item.type,
            "properties": to_struct(item.inputs),
            "urn": item.urn,
            "name": item.name,
            "options": analyzer_pb2.AnalyzerResourceOptions(protect=item.protect, ignoreChanges=item.ignore_changes),
        }
        if provider is not None:
            parts["provider"] = analyzer_pb2.AnalyzerProviderResource(
                type=provider.type, properties=to_struct(provider.inputs), urn=provider.urn, name=provider.name
            )
        return parts


ONE_OF_EACH_CLOUD = pytest.mark.parametrize("graph", [name for name in STACKS if name.endswith("-dev")], indirect=True)
"""Enough for what does not depend on a stack's size, and without the 8 MB of CRDs that `local` declares."""


def with_changed(graph: Graph, changed: Iterable[Resource]) -> Graph:
    """The graph with some resources as they are given."""
    by_urn = {item.urn: item for item in changed}
    return replace(graph, resources=tuple(by_urn.get(item.urn, item) for item in graph.resources))


def test_no_stack_of_ours_is_refused_by_a_preview(graph: Graph) -> None:
    # No rule looks into a CRD, and packing those of `local` for the protocol takes 10 s.
    light = [item for item in graph.resources if item.inputs.get("kind") != "CustomResourceDefinition"]
    found = Engine(graph.stack, looks=True).analyze(replace(graph, resources=tuple(light)))
    assert {item for item in found if item[1] == MANDATORY} == set()


@ONE_OF_EACH_CLOUD
def test_a_namespace_without_pod_security_is_refused_before_it_is_made(graph: Graph) -> None:
    namespace = next(item for item in graph.kubernetes_objects() if item.inputs["kind"] == "Namespace")
    body = namespace.inputs | {"metadata": {"name": "bare"}}
    found = Engine(graph.stack, looks=False).analyze(with_changed(graph, [replace(namespace, inputs=body)]))
    assert ("pod-security-restricted", MANDATORY, namespace.urn.split("::")[-1]) in found


def never_changes(pool: Resource) -> bool:
    """Whether a group of EKS has as many nodes at its most as at its fewest: then no autoscaler touches its count."""
    bounds = pool.inputs.get("scalingConfig", {})
    return "minSize" in bounds and bounds["minSize"] == bounds["maxSize"]


@ONE_OF_EACH_CLOUD
def test_a_count_that_an_autoscaler_owns_must_be_ignored(graph: Graph) -> None:
    pools = [
        item
        for item in graph.resources
        if item.ignore_changes and POOL_LABEL in str(item.inputs) and not never_changes(item)
    ]
    careless = [replace(pool, ignore_changes=[]) for pool in pools]
    found = Engine(graph.stack, looks=False).analyze(with_changed(graph, careless))
    refused = {name for rule, level, name in found if (rule, level) == ("autoscaled-counts-are-ignored", MANDATORY)}
    assert refused == {pool.name for pool in pools}


@ONE_OF_EACH_CLOUD
def test_a_resource_without_a_provider_is_refused(graph: Graph) -> None:
    first = next(item for item in graph.resources if item.custom and item.provider)
    found = Engine(graph.stack, looks=False).analyze(with_changed(graph, [replace(first, provider="")]))
    assert ("providers-are-named", MANDATORY, first.urn.split("::")[-1]) in found


@pytest.mark.parametrize(
    ("stack", "looks", "level"),
    [("some-prod", False, MANDATORY), ("some-prod", True, ADVISORY), ("some-dev", False, ADVISORY)],
)
def test_a_tag_is_refused_at_up_of_production_alone(graph: Graph, stack: str, looks: bool, level: int) -> None:
    root = next(item for item in graph.resources if item.type == STACK_TYPE)
    pod = {"containers": [{"name": "a", "image": "registry.example/a:1"}]}
    inputs = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": pod}
    tagged = Resource(root.urn.replace(STACK_TYPE, "kubernetes:core/v1:Pod"), "kubernetes:core/v1:Pod", "a",
                      root.urn, True, inputs)  # fmt: skip
    found = Engine(stack, looks=looks).analyze(replace(graph, resources=(root, tagged)))
    assert {one for rule, one, _ in found if rule == "images-by-digest"} == {level}


def test_the_pack_holds_every_rule_that_pulumi_can_decide() -> None:
    names = [policy.name for policy in pack().policies({})]
    assert names == ["inputs-are-seen", *(rule.name for rule in ALL_RULES if not rule.needs_secretness)]


def test_the_pack_is_one_for_pulumi() -> None:
    described = yaml.safe_load((FOLDER / "PulumiPolicy.yaml").read_text())
    assert described["runtime"]["name"] == "python"
    pins = Path(PROJECT_ROOT, "requirements-models.txt").read_text().splitlines()
    ours = [line for line in (FOLDER / "requirements.txt").read_text().splitlines() if line.startswith("pulumi-")]
    assert ours and set(ours) <= set(pins)
