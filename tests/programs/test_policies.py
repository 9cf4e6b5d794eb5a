"""Rules of the house, held against what the program really declares, for every file in stacks/."""

from __future__ import annotations

import json
import re
from typing import Any

from aigc.catalog.labels import POOL_LABEL
from aigc.plan.stack_plan import Cloud, ServingMode
from aigc.plan.validation import plan_of
from aigc.policy.judge import judge
from aigc.policy.pods import pod_specs, pools
from scripts.engine.admission import refuse_unsupported
from scripts.engine.graph import PROVIDER_PREFIX, STACK_TYPE, Graph, Resource, predecessors
from scripts.engine.inventory import identity
from scripts.engine.objects import STACK_LABEL, key_of
from scripts.preview.policy_view import stack_view
from tests.programs.graphs import STACKS

LAYERS = "clouds|cluster|foundation|serving|autoscaling|observability"
CLUSTER_SCOPED = frozenset({
    "APIService", "ClusterRole", "ClusterRoleBinding", "ComputeClass", "CustomResourceDefinition", "IngressClass",
    "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace",
    "PersistentVolume", "PriorityClass", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
})  # fmt: skip
ENFORCE = "pod-security.kubernetes.io/enforce"


def _custom(graph: Graph) -> list[Resource]:
    return [item for item in graph.resources if item.custom and not item.type.startswith(PROVIDER_PREFIX)]


def _before(graph: Graph) -> dict[str, set[str]]:
    """Everything that exists before each resource."""
    edges = predecessors(graph.by_urn())
    closed: dict[str, set[str]] = {}
    for resource in graph.resources:  # in dependency order
        direct = edges[resource.urn]
        closed[resource.urn] = direct.union(*(closed[urn] for urn in direct))
    return closed


def test_there_are_stacks() -> None:
    assert "local" in STACKS
    assert len(STACKS) > 1


def test_a_program_declares_something(graph: Graph) -> None:
    assert len(graph.kubernetes_objects()) > 10
    assert graph.outputs


def test_no_rule_of_the_house_is_broken(graph: Graph) -> None:
    view = stack_view(graph)
    assert view.resources
    broken = {
        verdict.rule.name: [f"{item.urn}: {item.problem}" for item in verdict.findings]
        for verdict in judge(view)
        if verdict.broken
    }
    assert broken == {}


def test_the_rules_see_the_pools_and_the_pods_of_the_program(graph: Graph) -> None:
    """A rule that sees nothing holds: each pool of the plan and each endpoint must be before its eyes."""
    view, plan = stack_view(graph), plan_of(graph.stack)
    assert {str(pool.labels[POOL_LABEL]) for pool in pools(view)} == {pool.name for pool in plan.pools if pool.made}
    makers = {item.metadata.get("name") for item, _ in pod_specs(view)}
    assert {endpoint.name for endpoint in plan.endpoints} <= makers


def test_everything_lies_in_a_component_of_ours(graph: Graph) -> None:
    resources = graph.by_urn()
    for resource in graph.resources:
        if resource.type == STACK_TYPE:
            continue
        parent = resources[resource.parent]
        if resource.custom:
            assert not parent.custom, f"{resource.urn} has no component for a parent"
            assert re.fullmatch(rf"aigc:({LAYERS}):[A-Z][A-Za-z]+", parent.type), parent.urn
        else:
            assert re.fullmatch(rf"aigc:({LAYERS}):[A-Z][A-Za-z]+", resource.type), resource.urn


def test_every_object_has_its_place_name_and_label(graph: Graph) -> None:
    for resource in graph.kubernetes_objects():
        key = key_of(resource.inputs)
        assert key.name, resource.urn
        assert bool(key.namespace) != (key.kind in CLUSTER_SCOPED), f"{resource.urn}: namespace '{key.namespace}'"
        assert resource.inputs["metadata"]["labels"].get(STACK_LABEL) == graph.stack, resource.urn


def test_no_object_is_declared_twice(graph: Graph) -> None:
    identities = [identity(key_of(item.inputs)) for item in graph.kubernetes_objects()]
    assert len(identities) == len(set(identities))


def test_namespaces_of_ours_are_restricted(graph: Graph) -> None:
    exceptions = {item.name: item for item in plan_of(graph.stack).namespaces if item.pod_security != "restricted"}
    found = [item for item in graph.kubernetes_objects() if item.inputs["kind"] == "Namespace"]
    assert found
    for namespace in found:
        metadata = namespace.inputs["metadata"]
        exception = exceptions.get(metadata["name"])
        assert exception is None or exception.reason, f"{namespace.urn}: an exception needs its reason"
        expected = exception.pod_security if exception else "restricted"
        assert metadata["labels"].get(ENFORCE) == expected, namespace.urn


def test_an_object_comes_after_its_namespace(graph: Graph) -> None:
    namespaces = {
        item.inputs["metadata"]["name"]: item.urn
        for item in graph.kubernetes_objects()
        if item.inputs["kind"] == "Namespace"
    }
    before = _before(graph)
    for resource in graph.kubernetes_objects():
        namespace = key_of(resource.inputs).namespace
        if namespace in namespaces:
            assert namespaces[namespace] in before[resource.urn], resource.urn


def test_a_custom_resource_comes_after_its_definition(graph: Graph) -> None:
    definitions = {
        (item.inputs["spec"]["group"], item.inputs["spec"]["names"]["kind"]): item.urn
        for item in graph.kubernetes_objects()
        if item.inputs["kind"] == "CustomResourceDefinition"
    }
    before = _before(graph)
    for resource in graph.kubernetes_objects():
        key = key_of(resource.inputs)
        definition = definitions.get((key.group, key.kind))
        assert definition is None or definition in before[resource.urn], resource.urn


def _rules(graph: Graph) -> dict[str, list[dict[str, Any]]]:
    """Name of a PrometheusRule -> its rules."""
    return {
        item.inputs["metadata"]["name"]: [rule for group in item.inputs["spec"]["groups"] for rule in group["rules"]]
        for item in graph.kubernetes_objects()
        if item.inputs["kind"] == "PrometheusRule"
    }


def test_every_endpoint_and_the_platform_have_rules(graph: Graph) -> None:
    names = {f"endpoint-{endpoint.name}" for endpoint in plan_of(graph.stack).endpoints}
    assert set(_rules(graph)) == {*names, "platform"}


def test_every_alert_says_who_must_look_where_and_what_no_data_means(graph: Graph) -> None:
    for name, rules in _rules(graph).items():
        alerts = [rule for rule in rules if "alert" in rule]
        assert alerts, name
        for alert in alerts:
            where = f"{name}: {alert['alert']}"
            assert alert["labels"]["severity"] in {"page", "ticket"}, where
            assert name == "platform" or alert["labels"]["aigc_endpoint"] == name.removeprefix("endpoint-"), where
            for words in ("summary", "description", "no_data"):
                assert alert["annotations"].get(words), f"{where} has no {words}"
            assert "Look next at" in alert["annotations"]["description"], where


def test_an_objective_without_an_alert_has_its_reason(graph: Graph) -> None:
    objects = {
        item.inputs["metadata"]["name"]: item.inputs["metadata"].get("annotations", {}).get("aigc/left-out", "")
        for item in graph.kubernetes_objects()
        if item.inputs["kind"] == "PrometheusRule"
    }
    for name, rules in _rules(graph).items():
        if name != "platform":
            # Four burn rates of two objectives.
            assert objects[name] or sum("window" in rule["labels"] for rule in rules) == 8, name


def test_every_stack_that_is_watched_has_its_dashboards(graph: Graph) -> None:
    plan = plan_of(graph.stack)
    found = {
        file: json.loads(text)["uid"]
        for item in graph.kubernetes_objects()
        if item.inputs["metadata"]["labels"].get("grafana_dashboard") == "1"
        for file, text in item.inputs["data"].items()
    }
    expected = {"aigc-fleet", "aigc-model", "aigc-request-path"}
    expected |= {"aigc-autoscaling"} if any(item.mode is ServingMode.KNATIVE for item in plan.endpoints) else set()
    expected |= {"aigc-steady-scaling"} if any(component.name == "keda" for component in plan.components) else set()
    assert found == ({f"{uid}.json": uid for uid in expected} if plan.monitoring else {})


def test_what_the_offline_engine_applies_it_can_apply(graph: Graph) -> None:
    if plan_of(graph.stack).cloud is Cloud.LOCAL:
        refuse_unsupported(graph)
    else:
        assert any(item.is_release for item in graph.resources), "clouds get their operators as Releases"
