"""Default-deny holds, and what is meant gets through; an evaluator decides, for the local CNI enforces nothing."""

from __future__ import annotations

import pytest

from aigc.foundation.network_policy import network_policies
from aigc.serving.gateway import gateway_bodies
from tests.flows.evaluator import Peer, allowed, denied
from tests.flows.forbidden import FORBIDDEN, ROLES
from tests.pure.program.plans import gcp_plan, local_plan

LOCAL = network_policies(local_plan(), "10.217.0.1/32")
GCP = network_policies(gcp_plan(), None)

GPT, GATEWAY, ACTIVATOR, AUTOSCALER, CONTROLLER, WEBHOOK, PROMETHEUS, ALERTMANAGER, GRAFANA, OPERATOR = (
    ROLES[name]
    for name in ("gpt", "gateway", "activator", "autoscaler", "controller", "webhook", "prometheus", "alertmanager",
                 "grafana", "operator")
)  # fmt: skip
STRANGER, NODE, INTERNET = ROLES["stranger"], ROLES["node"], ROLES["internet"]
KOURIER = Peer("knative-serving", {"app": "3scale-kourier-gateway"}, "10.32.0.9")
KNATIVE_OPERATOR = Peer("knative-operator", {"name": "operator-webhook"}, "10.32.0.10")


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        (INTERNET, GATEWAY, 8080),
        (GATEWAY, ACTIVATOR, 8012),
        (GATEWAY, ACTIVATOR, 8013),
        (GATEWAY, GPT, 8012),
        (GATEWAY, GPT, 8013),
        (GATEWAY, GPT, 8080),
        (GPT, GATEWAY, 8081),
        (ACTIVATOR, GPT, 8013),
        (ACTIVATOR, AUTOSCALER, 8080),
        (AUTOSCALER, GPT, 9090),
        (AUTOSCALER, ACTIVATOR, 8012),
        (PROMETHEUS, GPT, 8002),
        (PROMETHEUS, GPT, 9091),
        (PROMETHEUS, CONTROLLER, 9090),
        (PROMETHEUS, GATEWAY, 9090),
        (PROMETHEUS, OPERATOR, 8080),
        (PROMETHEUS, ALERTMANAGER, 9093),
        (GRAFANA, PROMETHEUS, 9090),
        (GRAFANA, NODE, 16443),
        (PROMETHEUS, NODE, 10250),
        (PROMETHEUS, NODE, 16460),
        (NODE, WEBHOOK, 8443),
        (NODE, GPT, 8012),
        (GATEWAY, NODE, 16443),
        (CONTROLLER, NODE, 16443),
        (OPERATOR, NODE, 16443),
        (GPT, NODE, 53),
    ],
)
def test_what_the_platform_needs_is_allowed(source: Peer, target: Peer, port: int) -> None:
    assert allowed(LOCAL, source, target, port)


@pytest.mark.parametrize(("source", "target", "port"), FORBIDDEN)
def test_what_nobody_needs_is_denied(source: str, target: str, port: int) -> None:
    assert denied(LOCAL, ROLES[source], ROLES[target], port)


def test_dns_needs_both_protocols() -> None:
    assert allowed(LOCAL, GPT, NODE, 53, "UDP") and allowed(LOCAL, GPT, NODE, 53, "TCP")
    assert denied(LOCAL, GPT, NODE, 54, "UDP")


def test_the_operators_gateway_has_its_own_flows() -> None:
    assert allowed(GCP, INTERNET, KOURIER, 8080) and allowed(GCP, KOURIER, GPT, 8013)
    assert allowed(GCP, INTERNET, KNATIVE_OPERATOR, 8443), "a managed control plane answers from anywhere"
    assert denied(GCP, KOURIER, GPT, 8000)
    assert denied(LOCAL, INTERNET, KOURIER, 8080), "only where the operator brings it"


def test_policies_select_the_pods_that_are_really_made() -> None:
    deployment = gateway_bodies("node: {}", "envoy", "controller")[-1]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert allowed(LOCAL, INTERNET, Peer("gateway", labels), 8080)


def test_every_namespace_of_ours_denies_by_default() -> None:
    for plan, policies in ((local_plan(), LOCAL), (gcp_plan(), GCP)):
        for namespace in plan.namespaces:
            lonely = Peer(namespace.name, {"app": "new"}, "10.217.9.9")
            assert denied(policies, STRANGER, lonely, 1234)
            assert denied(policies, lonely, STRANGER, 1234)


def test_alertmanager_leaves_the_cluster_only_to_tell_a_webhook() -> None:
    plan = local_plan()
    assert plan.monitoring is not None
    telling = plan.model_copy(update={"monitoring": plan.monitoring.model_copy(update={"alert_webhook": True})})
    policies = network_policies(telling, "10.217.0.1/32")
    assert denied(LOCAL, ALERTMANAGER, INTERNET, 443)
    assert allowed(policies, ALERTMANAGER, INTERNET, 443)
    assert denied(policies, ALERTMANAGER, INTERNET, 80) and denied(policies, PROMETHEUS, INTERNET, 443)


def test_only_on_a_node_of_ours_prometheus_asks_more_than_the_kubelet() -> None:
    node = Peer(address="10.10.0.7")
    assert allowed(GCP, PROMETHEUS, node, 10250) and denied(GCP, PROMETHEUS, node, 16460)


def test_names_of_policies_are_unique() -> None:
    for policies in (LOCAL, GCP):
        names = [(policy["metadata"]["namespace"], policy["metadata"]["name"]) for policy in policies]
        assert len(names) == len(set(names))
