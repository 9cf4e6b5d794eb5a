"""Decides a connection by NetworkPolicy objects as Kubernetes defines them (networking.k8s.io/v1).

Whether a CIDR covers the address of a pod is left to the network plugin (Calico: yes, Cilium: no). So what must pass
has to be allowed without that (`allowed`), and what must not pass has to be denied even with it (`denied`). Where the
plugin is known, `passes` asks what that one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from tests.flows.engines import Engine

NAMESPACE_NAME = "kubernetes.io/metadata.name"
_RANGES_MEAN_LEAST = Engine(range_means_pods=False, range_means_nodes=True)
_RANGES_MEAN_MOST = Engine(range_means_pods=True, range_means_nodes=True)


@dataclass(frozen=True)
class Peer:
    """A pod, or, without a namespace, an address that is no pod's: a node or the world outside."""

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = "10.217.1.1"
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    """Beside the name, which the API server itself writes on every namespace."""
    named_ports: Mapping[str, int] = field(default_factory=dict)
    node: str = ""
    """The node that a pod runs on; without a namespace, the node that has this address."""


@dataclass(frozen=True)
class _Question:
    """One end's view of a connection: the own pod, the other end, and the port on the target's side."""

    own: Peer
    other: Peer
    target: Peer
    port: int
    protocol: str
    engine: Engine


def allowed(policies: Iterable[dict[str, Any]], source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
    """Whether every network plugin lets it through to which a node is an address like any other."""
    return _both_agree(list(policies), source, target, port=port, protocol=protocol, engine=_RANGES_MEAN_LEAST)


def denied(policies: Iterable[dict[str, Any]], source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
    """Whether every network plugin refuses it. What is neither allowed nor denied depends on the plugin."""
    return not _both_agree(list(policies), source, target, port=port, protocol=protocol, engine=_RANGES_MEAN_MOST)


def passes(policies: Iterable[dict[str, Any]], source: Peer, target: Peer, port: int, engine: Engine) -> bool:
    """Whether this plugin lets a TCP connection through."""
    return _both_agree(list(policies), source, target, port=port, protocol="TCP", engine=engine)


def _both_agree(
    policies: list[dict[str, Any]], source: Peer, target: Peer, *, port: int, protocol: str, engine: Engine
) -> bool:
    """Both ends must agree; an end that no policy selects agrees to everything."""
    egress = _Question(source, target, target, port, protocol, engine)
    ingress = _Question(target, source, target, port, protocol, engine)
    return _end(policies, "Egress", egress) and _end(policies, "Ingress", ingress)


def _end(policies: list[dict[str, Any]], direction: str, asked: _Question) -> bool:
    if not asked.own.namespace or _is_own_node(direction, asked):
        return True
    mine = [
        policy["spec"]
        for policy in policies
        if policy["metadata"]["namespace"] == asked.own.namespace
        and _selects(policy["spec"].get("podSelector") or {}, asked.own.labels)
        and direction in _types(policy["spec"])
    ]
    side, peers = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    rules = [rule for spec in mine for rule in spec.get(side) or []]
    return not mine or any(_rule(rule, peers, asked) for rule in rules)


def _is_own_node(direction: str, asked: _Question) -> bool:
    always = asked.engine.may_ask_own_node if direction == "Egress" else asked.engine.own_node_may_ask
    return always and not asked.other.namespace and asked.other.node != "" and asked.other.node == asked.own.node


def _types(spec: dict[str, Any]) -> list[str]:
    """Absent, it is Ingress, and Egress as well when there are rules for it."""
    return spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]


def _rule(rule: dict[str, Any], peers: str, asked: _Question) -> bool:
    ports, others = rule.get("ports"), rule.get(peers)
    if ports and not any(_port(port, asked) for port in ports):
        return False
    return not others or any(_peer(peer, asked) for peer in others)


def _port(rule: dict[str, Any], asked: _Question) -> bool:
    if rule.get("protocol", "TCP") != asked.protocol:
        return False
    first = rule.get("port")
    if first is None:
        return True
    if isinstance(first, str):
        return asked.target.named_ports.get(first) == asked.port
    return bool(first <= asked.port <= rule.get("endPort", first))


def _peer(peer: dict[str, Any], asked: _Question) -> bool:
    other = asked.other
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        inside = [ip_address(other.address) in ip_network(cidr) for cidr in (block["cidr"], *block.get("except", []))]
        return _range_means(other, asked.engine) and inside[0] and not any(inside[1:])
    if not other.namespace:
        return False
    where = peer.get("namespaceSelector")
    if where is None:
        same_place = other.namespace == asked.own.namespace
    else:
        same_place = _selects(where, {**other.namespace_labels, NAMESPACE_NAME: other.namespace})
    return same_place and _selects(peer.get("podSelector") or {}, other.labels)


def _range_means(other: Peer, engine: Engine) -> bool:
    if other.namespace:
        return engine.range_means_pods
    return engine.range_means_nodes or not other.node


def _selects(selector: dict[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels") or {}
    return wanted.items() <= labels.items() and all(
        _expression(expression, labels) for expression in selector.get("matchExpressions") or []
    )


def _expression(expression: dict[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    raise ValueError(f"no operator of a label selector: {expression['operator']}")
