"""Rules that every resource of every stack keeps, read off the graph that the engine sees."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from aigc.catalog.faults import UserError
from aigc.catalog.kinds import Cloud
from aigc.clouds.registry import adapter_for, registered_clouds
from aigc.cluster.kubernetes_object import resource_type
from scripts.engine.graph import Graph, Resource
from tests.pure.program.graphs import build, graph_of, write_manifests
from tests.pure.program.plans import aws_plan, gcp_plan, local_plan
from tests.pure.program.pods import restricted_faults

CLUSTER_WIDE = {
    "Namespace",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "APIService",
}
THERE_ALREADY = {"kube-system"}
"""Where KEDA's right to read the API server's client authority must lie."""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    with pytest.MonkeyPatch.context() as patch:
        plan = local_plan(write_manifests(tmp_path_factory.mktemp("cache"), patch))
        return graph_of(lambda: build(plan), "local")


@pytest.fixture(scope="module")
def gcp() -> Graph:
    return graph_of(lambda: build(gcp_plan()), "gcp-test")


@pytest.fixture(scope="module")
def aws() -> Graph:
    return graph_of(lambda: build(aws_plan()), "aws-test")


@pytest.fixture(params=["local", "gcp", "aws"])
def graph(request: pytest.FixtureRequest, local: Graph, gcp: Graph, aws: Graph) -> Graph:
    return {"local": local, "gcp": gcp, "aws": aws}[str(request.param)]


def custom(graph: Graph) -> list[Resource]:
    return [resource for resource in graph.resources if resource.custom]


def objects(graph: Graph) -> list[Resource]:
    return [resource for resource in custom(graph) if "apiVersion" in resource.inputs]


def one(graph: Graph, kind: str, name: str) -> Resource:
    (found,) = [r for r in objects(graph) if r.inputs["kind"] == kind and r.inputs["metadata"]["name"] == name]
    return found


def ancestors(graph: Graph, resource: Resource) -> set[str]:
    """Everything that is there before `resource`: what it depends on, and what that depends on."""
    by_urn = {candidate.urn: candidate for candidate in graph.resources}
    seen: set[str] = set()
    waiting = list(resource.dependencies)
    while waiting:
        urn = waiting.pop()
        if urn not in seen:
            seen.add(urn)
            waiting += by_urn[urn].dependencies
    return seen


def test_every_resource_names_its_provider_and_has_a_component_as_parent(graph: Graph) -> None:
    types = {resource.urn: resource.type for resource in graph.resources}
    assert len(custom(graph)) > 40
    for resource in custom(graph):
        if not resource.type.startswith("pulumi:providers:"):
            assert types[resource.provider].startswith("pulumi:providers:"), resource.urn
        assert types[resource.parent].startswith("aigc:"), resource.urn


def test_component_tokens_share_one_prefix_and_name_their_layer(graph: Graph) -> None:
    layers = {"clouds", "cluster", "foundation", "serving", "autoscaling", "observability"}
    for resource in graph.resources:
        if not resource.custom and resource.type != "pulumi:pulumi:Stack":
            prefix, layer, _ = resource.type.split(":")
            assert (prefix, layer in layers) == ("aigc", True), resource.type


def test_every_object_has_a_name_a_namespace_and_the_inventory_label(graph: Graph) -> None:
    for resource in objects(graph):
        metadata = resource.inputs["metadata"]
        assert metadata["name"]
        assert ("namespace" in metadata) is (resource.inputs["kind"] not in CLUSTER_WIDE), resource.urn
        assert metadata["labels"]["aigc/stack"] == graph.stack


def test_everything_namespaced_comes_after_its_namespace(graph: Graph) -> None:
    for resource in objects(graph):
        if resource.inputs["metadata"].get("namespace", "kube-system") not in THERE_ALREADY:
            namespace = one(graph, "Namespace", resource.inputs["metadata"]["namespace"])
            assert namespace.urn in ancestors(graph, resource), resource.urn


def test_type_tokens_are_those_of_the_typed_classes() -> None:
    assert resource_type("v1", "Service") == "kubernetes:core/v1:Service"
    assert resource_type("apps/v1", "Deployment") == "kubernetes:apps/v1:Deployment"
    assert resource_type("serving.knative.dev/v1", "Service") == "kubernetes:serving.knative.dev/v1:Service"


def test_a_knative_service_comes_after_its_definition_its_webhook_and_the_gateway(local: Graph) -> None:
    (service,) = [r for r in objects(local) if r.inputs["apiVersion"] == "serving.knative.dev/v1"]
    before = ancestors(local, service)
    for kind, name in (
        ("CustomResourceDefinition", "services.serving.knative.dev"),
        ("Deployment", "webhook"),
        ("MutatingWebhookConfiguration", "webhook.serving.knative.dev"),
        ("Deployment", "gateway"),
    ):
        assert one(local, kind, name).urn in before, f"{kind} {name}"


def test_knatives_configuration_is_there_before_its_pods(local: Graph) -> None:
    before = ancestors(local, one(local, "Deployment", "webhook"))
    assert one(local, "ConfigMap", "config-deployment").urn in before
    assert one(local, "Deployment", "webhook").urn in ancestors(
        local, one(local, "MutatingWebhookConfiguration", "webhook.serving.knative.dev")
    )


def test_jobs_come_after_their_definition_and_the_operator(local: Graph, gcp: Graph) -> None:
    jobs = [r for r in objects(local) if r.inputs["kind"] == "ScrapeConfig"]
    assert {job.inputs["spec"]["jobName"] for job in jobs} >= {"triton", "queue-proxy", "knative", "gateway"}
    for job in jobs:
        before = ancestors(local, job)
        assert one(local, "CustomResourceDefinition", "scrapeconfigs.monitoring.coreos.com").urn in before
        assert one(local, "Deployment", "prometheus-operator").urn in before
    (release,) = [r.urn for r in custom(gcp) if r.name == "kube-prometheus-stack"]
    for name in ("knative", "queue-proxy"):
        assert release in ancestors(gcp, one(gcp, "PodMonitor", name))


def test_every_job_of_the_local_prometheus_asks_for_a_headless_service_that_selects_pods(local: Graph) -> None:
    by_operator = {
        f"{name}.monitoring" for name in ("prometheus-operated", "alertmanager-operated", "prometheus-operator")
    }
    for job in [r for r in objects(local) if r.inputs["kind"] == "ScrapeConfig"]:
        (discovery,) = job.inputs["spec"]["dnsSDConfigs"]
        name = discovery["names"][0].removesuffix(".svc.cluster.local")
        if name not in by_operator:
            service = one(local, "Service", name.split(".")[0]).inputs
            assert service["metadata"]["namespace"] == name.split(".")[1]
            assert service["spec"]["clusterIP"] == "None"
            assert "aigc/endpoint" not in service["metadata"]["labels"], "the gateway would take it for an endpoint"


def test_every_pod_that_the_program_writes_itself_is_restricted(local: Graph) -> None:
    written = {"gateway", "steady"}
    pods = [r for r in objects(local) if r.inputs["kind"] == "Deployment" and r.inputs["metadata"]["name"] in written]
    assert len(pods) == len(written)
    for resource in pods:
        assert restricted_faults(resource.inputs["spec"]["template"]["spec"]) == []


def test_every_namespace_enforces_a_level_pinned_to_the_clusters_minor(graph: Graph) -> None:
    namespaces = [resource for resource in objects(graph) if resource.inputs["kind"] == "Namespace"]
    assert len(namespaces) >= 4
    for resource in namespaces:
        labels, notes = resource.inputs["metadata"]["labels"], resource.inputs["metadata"].get("annotations", {})
        level = "privileged" if notes.get("aigc/pod-security-reason") else "restricted"
        assert labels["pod-security.kubernetes.io/enforce"] == level
        assert labels["pod-security.kubernetes.io/enforce-version"] == "v1.37"


def test_two_runs_give_one_graph(gcp: Graph) -> None:
    assert graph_of(lambda: build(gcp_plan()), "gcp-test").to_json() == gcp.to_json()


def test_gke_pools_scale_to_zero_and_back_and_keep_the_autoscalers_count(gcp: Graph) -> None:
    pools = {r.name: r for r in custom(gcp) if r.type == "gcp:container/nodePool:NodePool"}
    gpu, cpu = pools["gpu"], pools["platform"]
    assert gpu.inputs["autoscaling"] == {"locationPolicy": "ANY", "totalMinNodeCount": 0, "totalMaxNodeCount": 4}
    assert cpu.inputs["autoscaling"]["locationPolicy"] == "BALANCED"
    assert gpu.inputs["initialNodeCount"] == 0
    for pool in (gpu, cpu):
        assert set(pool.ignore_changes) == {"initialNodeCount", "nodeCount"}
    config = gpu.inputs["nodeConfig"]
    assert config["spot"] is True
    assert config["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
    (accelerator,) = config["guestAccelerators"]
    assert accelerator["gpuDriverInstallationConfig"] == {"gpuDriverVersion": "DEFAULT"}
    assert "guestAccelerators" not in cpu.inputs["nodeConfig"]
    assert config["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}


def test_gke_enforces_policies_protects_itself_and_holds_no_static_key(gcp: Graph) -> None:
    (cluster,) = [r for r in custom(gcp) if r.type == "gcp:container/cluster:Cluster"]
    assert cluster.inputs["datapathProvider"] == "ADVANCED_DATAPATH", "stacks that ship policies must enforce them"
    assert cluster.inputs["deletionProtection"] is True
    assert cluster.inputs["workloadIdentityConfig"] == {"workloadPool": "project.svc.id.goog"}
    assert not [r for r in custom(gcp) if r.type == "gcp:serviceaccount/key:Key"]


def test_pods_wait_for_nodes(gcp: Graph) -> None:
    pools = {r.urn for r in custom(gcp) if r.type == "gcp:container/nodePool:NodePool"}
    assert pools <= ancestors(gcp, one(gcp, "Service", "gpt"))


def test_releases_are_named_and_pinned(gcp: Graph) -> None:
    releases = [resource for resource in custom(gcp) if resource.type == "kubernetes:helm.sh/v3:Release"]
    assert {release.inputs["name"] for release in releases} == {"knative-operator", "kube-prometheus-stack"}
    for release in releases:
        assert release.inputs["version"] and release.inputs["repositoryOpts"] == {"repo": "https://charts.example.com"}


def test_the_operator_gets_the_same_configuration_as_the_manifest(local: Graph, gcp: Graph) -> None:
    serving = one(gcp, "KnativeServing", "knative-serving").inputs["spec"]
    assert serving["version"] == "1.23.0"
    assert serving["ingress"] == {"kourier": {"enabled": True}}
    by_manifest = one(local, "ConfigMap", "config-autoscaler").inputs["data"]
    assert serving["config"]["autoscaler"].items() <= by_manifest.items()


def test_clouds_are_found_by_their_place_and_an_unknown_one_names_the_known() -> None:
    assert registered_clouds() == ("aws", "azure", "existing", "gcp", "local")
    for name in registered_clouds():
        adapter = adapter_for(Cloud(name))
        assert adapter.cloud.value == name
        assert all(inability.sentence for inability in adapter.inabilities)
    unknown = cast(Cloud, SimpleNamespace(value="oracle"))
    with pytest.raises(UserError, match=r"Take one of: aws, azure, existing, gcp, local"):
        adapter_for(unknown)
