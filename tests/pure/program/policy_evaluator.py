"""Decides a connection by NetworkPolicy objects as Kubernetes defines them, for the parts of the API that ours use."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any


@dataclass(frozen=True)
class Peer:
    """A pod, or, without a namespace, an address outside the cluster."""

    namespace: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    address: str = "10.217.1.1"


def allowed(policies: list[dict[str, Any]], source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
    """Both ends must agree; an end that no policy selects agrees to everything."""
    return _end(policies, source, target, "Egress", port=port, protocol=protocol) and _end(
        policies, target, source, "Ingress", port=port, protocol=protocol
    )


def _end(policies: list[dict[str, Any]], own: Peer, other: Peer, direction: str, *, port: int, protocol: str) -> bool:
    if not own.namespace:
        return True
    mine = [
        policy["spec"]
        for policy in policies
        if policy["metadata"]["namespace"] == own.namespace
        and _selects(policy["spec"]["podSelector"], own.labels)
        and direction in policy["spec"]["policyTypes"]
    ]
    side, peers = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    rules = [rule for spec in mine for rule in spec.get(side, [])]
    return not mine or any(_rule(rule, peers, other, port, protocol) for rule in rules)


def _rule(rule: dict[str, Any], peers: str, other: Peer, port: int, protocol: str) -> bool:
    ports = rule.get("ports")
    if ports is not None and {"protocol": protocol, "port": port} not in ports:
        return False
    return peers not in rule or any(_peer(peer, other) for peer in rule[peers])


def _peer(peer: dict[str, Any], other: Peer) -> bool:
    if "ipBlock" in peer:
        return ip_address(other.address) in ip_network(peer["ipBlock"]["cidr"])
    return bool(other.namespace) and (
        _selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace})
        and _selects(peer["podSelector"], other.labels)
    )


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    return dict(selector.get("matchLabels", {})).items() <= labels.items()
