"""The evaluator against what the Kubernetes documentation says of each field of a NetworkPolicy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.evaluator import Peer, allowed, denied

WEB = Peer("shop", {"app": "web", "tier": "front"}, "10.1.0.1", {"team": "a"}, {"http": 8080})
DATA = Peer("shop", {"app": "data"}, "10.1.0.2", {"team": "a"})
OTHER = Peer("lab", {"app": "web"}, "10.1.0.3", {"team": "b"})
OUTSIDE = Peer(address="203.0.113.9")
WEB_PORT = [{"port": 8080}]


def policy(selector: dict[str, Any] | None = None, **spec: Any) -> list[dict[str, Any]]:
    return [{"metadata": {"namespace": "shop", "name": "p"}, "spec": {"podSelector": selector or {}, **spec}}]


def labels(**wanted: str) -> dict[str, Any]:
    return {"matchLabels": wanted}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def ingress(*peers: dict[str, Any], ports: Any = None) -> list[dict[str, Any]]:
    rule: dict[str, Any] = {"from": list(peers)} if peers else {}
    return policy(ingress=[{**rule, "ports": ports} if ports else rule])


@pytest.mark.parametrize(
    ("policies", "source", "passes"),
    [
        ([], OTHER, True),
        (policy(), OTHER, False),
        (policy(labels(app="data")), OTHER, True),
        (ingress(), OTHER, True),
        (ingress({"podSelector": labels(app="web")}), OTHER, False),
        (ingress({"podSelector": labels(app="data")}), DATA, True),
        (ingress({"namespaceSelector": {}}), OTHER, True),
        (ingress({"namespaceSelector": {}}), OUTSIDE, False),
        (ingress({"namespaceSelector": labels(team="b")}), OTHER, True),
        (ingress({"namespaceSelector": labels(team="b"), "podSelector": labels(app="data")}), OTHER, False),
        (ingress({"namespaceSelector": expression("kubernetes.io/metadata.name", "In", "lab")}), OTHER, True),
        (ingress({"namespaceSelector": expression("team", "NotIn", "b")}), OTHER, False),
        (ingress({"podSelector": expression("app", "Exists")}), DATA, True),
        (ingress({"podSelector": expression("tier", "DoesNotExist")}), DATA, True),
        (ingress({"ipBlock": {"cidr": "203.0.113.0/24"}}), OUTSIDE, True),
        (ingress({"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.9/32"]}}), OUTSIDE, False),
        (ingress(ports=[{"port": 8081}]), OTHER, False),
        (ingress(ports=[{"port": "http"}]), OTHER, True),
        (ingress(ports=[{"port": "grpc"}]), OTHER, False),
        (ingress(ports=[{"port": 8000, "endPort": 8090}]), OTHER, True),
        (ingress(ports=[{"port": 8000, "endPort": 8079}]), OTHER, False),
        (ingress(ports=[{"protocol": "UDP", "port": 8080}]), OTHER, False),
        (ingress(ports=[{"protocol": "TCP"}]), OTHER, True),
        (policy(policyTypes=["Egress"]), OTHER, True),
        (policy(egress=[{"ports": WEB_PORT}], policyTypes=["Egress"]), OTHER, True),
    ],
)
def test_what_comes_in(policies: list[dict[str, Any]], source: Peer, passes: bool) -> None:
    assert allowed(policies, source, WEB, 8080) is passes
    assert denied(policies, source, WEB, 8080) is not passes


def test_what_goes_out_is_judged_where_it_starts() -> None:
    out = policy(labels(app="web"), policyTypes=["Egress"], egress=[{"to": [{"podSelector": labels(app="data")}]}])
    assert allowed(out, WEB, DATA, 5432)
    assert denied(out, WEB, OTHER, 5432)
    assert allowed(out, DATA, OTHER, 5432), "no policy selects the source"
    assert denied(policy(egress=[{"ports": WEB_PORT}]), OUTSIDE, WEB, 8080), "rules for egress do not lift ingress"


def test_a_cidr_that_might_cover_a_pod_neither_allows_nor_denies() -> None:
    anywhere = ingress({"ipBlock": {"cidr": "0.0.0.0/0"}})
    assert not allowed(anywhere, OTHER, WEB, 8080)
    assert not denied(anywhere, OTHER, WEB, 8080)
    assert allowed(anywhere, OUTSIDE, WEB, 8080)


def test_an_operator_that_is_not_known_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="Gt"):
        allowed(ingress({"podSelector": expression("app", "Gt", "1")}), DATA, WEB, 8080)
