"""Default-deny holds, and what is meant gets through; an evaluator decides, for the local CNI enforces nothing."""

from __future__ import annotations

import pytest

from aigc.foundation.network_policy import network_policies
from aigc.serving.gateway import gateway_bodies
from tests.pure.program.plans import gcp_plan, local_plan
from tests.pure.program.policy_evaluator import Peer, allowed

LOCAL = network_policies(local_plan(), "10.217.0.1/32")
GCP = network_policies(gcp_plan(), None)

GPT = Peer("models", {"aigc/endpoint": "gpt"}, "10.217.1.10")
GATEWAY = Peer("gateway", {"app.kubernetes.io/name": "gateway"}, "10.217.1.11")
ACTIVATOR = Peer("knative-serving", {"app": "activator", "role": "activator"}, "10.217.1.12")
AUTOSCALER = Peer("knative-serving", {"app": "autoscaler"}, "10.217.1.13")
CONTROLLER = Peer("knative-serving", {"app": "controller"}, "10.217.1.14")
WEBHOOK = Peer("knative-serving", {"app": "webhook", "role": "webhook"}, "10.217.1.15")
PROMETHEUS = Peer("monitoring", {"app.kubernetes.io/name": "prometheus"}, "10.217.1.16")
ALERTMANAGER = Peer("monitoring", {"app.kubernetes.io/name": "alertmanager"}, "10.217.1.19")
GRAFANA = Peer("monitoring", {"app.kubernetes.io/name": "grafana"}, "10.217.1.20")
OPERATOR = Peer("monitoring", {"app.kubernetes.io/name": "prometheus-operator"}, "10.217.1.17")
STRANGER = Peer("default", {"app": "stranger"}, "10.217.1.18")
NODE = Peer(address="10.217.0.1")
INTERNET = Peer(address="203.0.113.9")
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


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        (STRANGER, GPT, 8000),
        (STRANGER, GPT, 8012),
        (STRANGER, GATEWAY, 9090),
        (STRANGER, WEBHOOK, 8443),
        (STRANGER, AUTOSCALER, 8080),
        (STRANGER, ALERTMANAGER, 9093),
        (GPT, ALERTMANAGER, 9093),
        (STRANGER, GRAFANA, 3000),
        (INTERNET, GRAFANA, 3000),
        (GPT, GRAFANA, 3000),
        (GRAFANA, GPT, 8002),
        (GRAFANA, ALERTMANAGER, 9093),
        (GRAFANA, INTERNET, 443),
        (INTERNET, GPT, 8080),
        (INTERNET, GATEWAY, 8081),
        (INTERNET, WEBHOOK, 8443),
        (GPT, NODE, 16443),
        (GPT, NODE, 10250),
        (OPERATOR, NODE, 10250),
        (PROMETHEUS, INTERNET, 10250),
        (GPT, INTERNET, 443),
        (GPT, Peer("models", {"aigc/endpoint": "other"}), 8080),
        (GPT, ACTIVATOR, 8012),
        (GPT, PROMETHEUS, 9090),
        (GATEWAY, GPT, 8000),
        (GATEWAY, GPT, 8002),
        (GATEWAY, PROMETHEUS, 9090),
        (PROMETHEUS, GPT, 8000),
        (OPERATOR, GPT, 8002),
        (CONTROLLER, INTERNET, 443),
        (WEBHOOK, GPT, 8012),
    ],
)
def test_what_nobody_needs_is_denied(source: Peer, target: Peer, port: int) -> None:
    assert not allowed(LOCAL, source, target, port)


def test_dns_needs_both_protocols() -> None:
    assert allowed(LOCAL, GPT, NODE, 53, "UDP") and allowed(LOCAL, GPT, NODE, 53, "TCP")
    assert not allowed(LOCAL, GPT, NODE, 54, "UDP")


def test_the_operators_gateway_has_its_own_flows() -> None:
    assert allowed(GCP, INTERNET, KOURIER, 8080) and allowed(GCP, KOURIER, GPT, 8013)
    assert allowed(GCP, INTERNET, KNATIVE_OPERATOR, 8443), "a managed control plane answers from anywhere"
    assert not allowed(GCP, KOURIER, GPT, 8000)
    assert not allowed(LOCAL, INTERNET, KOURIER, 8080), "only where the operator brings it"


def test_policies_select_the_pods_that_are_really_made() -> None:
    deployment = gateway_bodies("node: {}", "envoy", "controller")[-1]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert allowed(LOCAL, INTERNET, Peer("gateway", labels), 8080)


def test_every_namespace_of_ours_denies_by_default() -> None:
    for plan, policies in ((local_plan(), LOCAL), (gcp_plan(), GCP)):
        for namespace in plan.namespaces:
            lonely = Peer(namespace.name, {"app": "new"}, "10.217.9.9")
            assert not allowed(policies, STRANGER, lonely, 1234)
            assert not allowed(policies, lonely, STRANGER, 1234)


def test_names_of_policies_are_unique() -> None:
    for policies in (LOCAL, GCP):
        names = [(policy["metadata"]["namespace"], policy["metadata"]["name"]) for policy in policies]
        assert len(names) == len(set(names))
