"""Who must never reach whom, by role: judged for made-up pods without a cluster, and for the live ones with it."""

from __future__ import annotations

from tests.flows.evaluator import Peer

ROLES: dict[str, Peer] = {
    "gpt": Peer("models", {"aigc/endpoint": "gpt"}, "10.217.1.10"),
    "gpt-handbook": Peer("models", {"aigc/endpoint": "gpt-handbook"}, "10.217.1.21"),
    "gateway": Peer("gateway", {"app.kubernetes.io/name": "gateway"}, "10.217.1.11"),
    "activator": Peer("knative-serving", {"app": "activator"}, "10.217.1.12"),
    "autoscaler": Peer("knative-serving", {"app": "autoscaler"}, "10.217.1.13"),
    "controller": Peer("knative-serving", {"app": "controller"}, "10.217.1.14"),
    "webhook": Peer("knative-serving", {"app": "webhook"}, "10.217.1.15"),
    "prometheus": Peer("monitoring", {"app.kubernetes.io/name": "prometheus"}, "10.217.1.16"),
    "alertmanager": Peer("monitoring", {"app.kubernetes.io/name": "alertmanager"}, "10.217.1.19"),
    "operator": Peer("monitoring", {"app.kubernetes.io/name": "prometheus-operator"}, "10.217.1.17"),
    "grafana": Peer("monitoring", {"app.kubernetes.io/name": "grafana"}, "10.217.1.20"),
    "stranger": Peer("default", {"app": "stranger"}, "10.217.1.18"),
    "node": Peer(address="10.217.0.1"),
    "internet": Peer(address="203.0.113.9"),
}
"""The labels are those by which the flows name a role; a live pod has more."""

MADE_UP = {
    "grafana": "comes with the clouds' Release alone",
    "stranger": "a pod of somebody else",
    "node": "its address is fixed",
    "internet": "an address outside (RFC 5737)",
}
"""Roles that no pod of the local cluster has, and why; every other one is to be found there."""

FORBIDDEN: tuple[tuple[str, str, int], ...] = (
    ("stranger", "gpt", 8000),
    ("stranger", "gpt", 8012),
    ("stranger", "gateway", 9090),
    ("stranger", "webhook", 8443),
    ("stranger", "autoscaler", 8080),
    ("stranger", "alertmanager", 9093),
    ("stranger", "prometheus", 9090),
    ("stranger", "grafana", 3000),
    ("internet", "grafana", 3000),
    ("internet", "gpt", 8080),
    ("internet", "gateway", 8081),
    ("internet", "gateway", 9090),
    ("internet", "webhook", 8443),
    ("internet", "prometheus", 9090),
    ("gpt", "alertmanager", 9093),
    ("gpt", "grafana", 3000),
    ("gpt", "node", 16443),
    ("gpt", "node", 10250),
    ("gpt", "node", 16460),
    ("operator", "node", 10250),
    ("operator", "node", 16460),
    ("prometheus", "internet", 10250),
    ("gpt", "internet", 443),
    ("gpt", "gpt-handbook", 8080),
    ("gpt-handbook", "gpt", 8012),
    ("gpt-handbook", "prometheus", 9090),
    ("gpt", "activator", 8012),
    ("gpt", "autoscaler", 8080),
    ("gpt", "prometheus", 9090),
    ("gpt", "gateway", 9090),
    ("gateway", "gpt", 8000),
    ("gateway", "gpt", 8002),
    ("gateway", "prometheus", 9090),
    ("gateway", "autoscaler", 8080),
    ("prometheus", "gpt", 8000),
    ("prometheus", "gpt", 9090),
    ("prometheus", "gateway", 8081),
    ("controller", "gateway", 8081),
    ("grafana", "gpt", 8002),
    ("grafana", "alertmanager", 9093),
    ("grafana", "internet", 443),
    ("operator", "gpt", 8002),
    ("alertmanager", "gpt", 8002),
    ("controller", "internet", 443),
    ("webhook", "gpt", 8012),
)
"""Source, target and the TCP port that the target listens on."""
