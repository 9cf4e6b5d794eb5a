"""What the platform needs gets through with the plugin that enforces policies on each cloud, in every stack of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Network
from typing import Any

import pytest

from aigc.clouds.aws.subnets import control_plane_range
from aigc.config.stacks import stack_names
from aigc.foundation.flows import FLOWS, KOURIER_FLOWS, bucket_readers
from aigc.foundation.flows import Pods as Role
from aigc.foundation.network_policy import network_policies
from aigc.plan.stack_plan import Cloud, StackPlan
from aigc.plan.validation import plan_of
from tests.flows.engines import CALICO, CILIUM, ENGINES, VPC_CNI, Engine
from tests.flows.evaluator import Peer, passes
from tests.pure.program.plans import aws_plan, azure_plan, gcp_plan
from tests.pure.program.test_azure_karpenter import azure_auto_plan

OWN = {"kubeconfig": "/home/me/kubeconfig", "context": "mine", "registry": "registry.example/team"}
INTERNET = Peer(address="203.0.113.9")
STRANGER = Peer("default", {"app": "stranger"}, "10.32.7.7", node="a")
TUNNEL = {Cloud.GCP: {"k8s-app": "konnectivity-agent"}, Cloud.AZURE: {"app": "konnectivity-agent"}}
"""Cloud -> labels of the pods of kube-system through which its API server asks (tigera/operator, pull 5212)."""


def somebodys() -> StackPlan:
    """A cluster that exists: nothing is known of its network."""
    nothing = {"node_cidr": None, "pod_cidr": None, "service_cidr": None}
    cluster = gcp_plan().cluster.model_copy(update=nothing)
    return gcp_plan().model_copy(update={"stack": "somebodys", "cloud": Cloud.EXISTING, "cluster": cluster})


@cache
def plans() -> dict[str, StackPlan]:
    made_up = {plan.stack: plan for plan in (gcp_plan(), aws_plan(), azure_plan(), azure_auto_plan(), somebodys())}
    real = {name: plan for name in stack_names() if (plan := plan_of(name)).cloud is not Cloud.LOCAL}
    return {**made_up, **real, "local elsewhere": plan_of("local", overrides=OWN)}


def engines(plan: StackPlan) -> tuple[Engine, ...]:
    if plan.azure and plan.azure.node_auto_provisioning:
        return (CILIUM,)
    return ENGINES[Cloud.EXISTING if plan.cloud is Cloud.LOCAL else plan.cloud]


def policies_of(plan: StackPlan) -> list[dict[str, Any]]:
    on_aws = plan.cloud is Cloud.AWS
    return network_policies(plan, control_plane_range(plan.cluster.node_cidr or "") if on_aws else None)


def node(plan: StackPlan, name: str) -> Peer:
    addresses = IPv4Network(plan.cluster.node_cidr or "192.168.7.0/24")
    return Peer(address=str(addresses[{"a": 4, "b": 5}[name]]), node=name)


def pod(role: Role) -> Peer:
    return Peer(role.namespace, dict(role.labels), "10.32.1.4", node="a")


GPT = Peer("models", {"aigc/endpoint": "gpt"}, "10.32.1.9", node="a")
KOURIER = pod(Role("knative-serving", (("app", "3scale-kourier-gateway"),)))
CONTROLLER = pod(Role("knative-serving", (("app", "controller"),)))
PROMETHEUS = pod(Role("monitoring", (("app.kubernetes.io/name", "prometheus"),)))
WEBHOOK = pod(Role("knative-serving", (("app", "webhook"),)))
ASKED_BY_THE_API_SERVER = (
    (WEBHOOK, 8443),
    (pod(Role("knative-operator", (("name", "operator-webhook"),))), 8443),
    (pod(Role("keda")), 6443),
)


def api_server_as_source(plan: StackPlan) -> Iterator[Peer]:
    """Whose address its calls of webhooks come with."""
    if plan.cloud is Cloud.AWS:
        yield Peer(address=str(IPv4Network(control_plane_range(plan.cluster.node_cidr or ""))[5]))
        return
    anybodys = (*TUNNEL.values(),) if plan.cloud in (Cloud.EXISTING, Cloud.LOCAL) else (TUNNEL[plan.cloud],)
    for labels in anybodys:
        yield Peer("kube-system", labels, "10.32.9.9", node="b")
    if plan.cloud not in TUNNEL:
        yield node(plan, "b")


def api_server_as_target(plan: StackPlan) -> Iterator[tuple[Peer, int]]:
    if plan.cloud is Cloud.AWS:
        yield Peer(address=str(IPv4Network(plan.cluster.service_cidr or "")[1])), 443
        yield Peer(address=str(IPv4Network(control_plane_range(plan.cluster.node_cidr or ""))[5])), 443
        return
    yield Peer(address="203.0.113.77"), 443
    if plan.cloud not in TUNNEL:
        yield node(plan, "b"), 6443


def needed(plan: StackPlan) -> Iterator[tuple[str, Peer, Peer, int]]:
    """Every connection that does not go between two pods of ours, and those that do."""
    for who in ("a", "b"):
        yield "Prometheus asks kubelets", PROMETHEUS, node(plan, who), 10250
    for probed, port in ((GPT, 8012), (WEBHOOK, 8443), (KOURIER, 8090)):
        yield "the kubelet probes", node(plan, "a"), probed, port
    if any(component.name == "knative-operator" for component in plan.components):
        for asker in (INTERNET, node(plan, "b")):
            yield "requests, also through another node", asker, KOURIER, 8080
        for flow in KOURIER_FLOWS:
            yield flow.why, pod(flow.source), pod(flow.target), flow.ports[0]
    for reader in bucket_readers(plan):
        yield "the driver in the pod reads the bucket", pod(reader), INTERNET, 443
    for target, port in ASKED_BY_THE_API_SERVER:
        for source in api_server_as_source(plan):
            yield "the API server asks a webhook", source, target, port
    for address, port in api_server_as_target(plan):
        yield "a controller asks the API server", CONTROLLER, address, port
    for flow in FLOWS:
        yield flow.why, pod(flow.source), pod(flow.target), flow.ports[0]


def refused(plan: StackPlan, engine: Engine, policies: list[dict[str, Any]]) -> list[str]:
    ours = {namespace.name for namespace in plan.namespaces} | {"", "kube-system"}
    return [
        f"{why}: {source.namespace or source.address} -> {target.namespace or target.address}:{port}"
        for why, source, target, port in needed(plan)
        if {source.namespace, target.namespace} <= ours and not passes(policies, source, target, port, engine)
    ]


@pytest.mark.parametrize("stack", sorted(plans()))
def test_what_is_needed_passes_with_the_plugin_of_the_cloud(stack: str) -> None:
    plan = plans()[stack]
    for engine in engines(plan):
        assert refused(plan, engine, policies_of(plan)) == [], engine


@pytest.mark.parametrize("stack", sorted(plans()))
def test_what_nobody_needs_is_refused_by_the_plugin_of_the_cloud(stack: str) -> None:
    plan = plans()[stack]
    unneeded = (
        (STRANGER, GPT, 8012), (STRANGER, PROMETHEUS, 9090), (INTERNET, GPT, 8080), (INTERNET, PROMETHEUS, 9090),
        (GPT, INTERNET, 443), (GPT, node(plan, "b"), 10250), (GPT, STRANGER, 8080), (GPT, KOURIER, 8080),
        (PROMETHEUS, GPT, 10250), (PROMETHEUS, node(plan, "b"), 22), (CONTROLLER, node(plan, "b"), 10250),
        (Peer("kube-system", {"k8s-app": "konnectivity-agent"}, "10.32.9.9", node="b"), GPT, 8012),
    )  # fmt: skip
    # There its driver is in the pod, and Cloud Storage has no addresses of its own.
    may_leave = bool(bucket_readers(plan))
    for engine in engines(plan):
        passed = [each for each in unneeded if passes(policies_of(plan), *each, engine)]
        passed = [each for each in passed if not (may_leave and each == (GPT, INTERNET, 443))]
        assert passed == [], engine


@pytest.mark.parametrize("plan", [gcp_plan(), azure_auto_plan()], ids=lambda plan: str(plan.cloud))
def test_with_cilium_only_the_agents_of_the_api_server_reach_webhooks(plan: StackPlan) -> None:
    policies, agent = policies_of(plan), TUNNEL[plan.cloud]
    for labels, namespace, may in ((agent, "kube-system", True), (agent, "default", False), ({}, "kube-system", False)):
        asker = Peer(namespace, labels, "10.32.9.9", node="b")
        assert passes(policies, asker, WEBHOOK, 8443, CILIUM) is may, (labels, namespace)
    assert not passes(policies, node(plan, "b"), GPT, 8012, CILIUM), "another node has no business with a model"


def test_by_ranges_alone_cilium_refuses_what_nodes_and_agents_ask() -> None:
    """Why AKS has Calico, and what a stack of Google Cloud must not be given."""
    by_range = policies_of(azure_plan())
    lost = {line.partition(":")[0] for line in refused(azure_plan(), CILIUM, by_range)}
    assert lost == {
        "Prometheus asks kubelets",
        "requests, also through another node",
        "the API server asks a webhook",
    }
    assert refused(azure_plan(), CALICO, by_range) == []


@pytest.mark.parametrize(
    ("engine", "probe", "to_own", "to_other", "from_other"),
    [
        (CILIUM, True, False, False, False),
        (CALICO, True, False, False, False),
        (VPC_CNI, True, True, False, False),
    ],
)
def test_a_pods_own_node(engine: Engine, probe: bool, to_own: bool, to_other: bool, from_other: bool) -> None:
    nothing = [{"metadata": {"namespace": "models"}, "spec": {"policyTypes": ["Ingress", "Egress"]}}]
    own, other = (node(gcp_plan(), name) for name in ("a", "b"))
    assert passes(nothing, own, GPT, 8012, engine) is probe
    assert passes(nothing, GPT, own, 10250, engine) is to_own
    assert passes(nothing, GPT, other, 10250, engine) is to_other
    assert passes(nothing, other, GPT, 8012, engine) is from_other


@pytest.mark.parametrize(
    ("engine", "pods", "nodes"), [(CILIUM, False, False), (CALICO, True, True), (VPC_CNI, True, True)]
)
def test_what_a_range_means(engine: Engine, pods: bool, nodes: bool) -> None:
    rule = {"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}
    everybody = [{"metadata": {"namespace": "models"}, "spec": {"policyTypes": ["Ingress"], "ingress": [rule]}}]
    assert passes(everybody, INTERNET, GPT, 8012, engine)
    assert passes(everybody, STRANGER, GPT, 8012, engine) is pods
    assert passes(everybody, node(gcp_plan(), "b"), GPT, 8012, engine) is nodes
    no_peer = [{"metadata": {"namespace": "models"}, "spec": {"policyTypes": ["Ingress"], "ingress": [{}]}}]
    assert all(passes(no_peer, asker, GPT, 8012, engine) for asker in (INTERNET, STRANGER, node(gcp_plan(), "b")))
