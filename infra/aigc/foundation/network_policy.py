"""Default-deny in every namespace of ours and the flows that are allowed, computed from one list by pure functions.

A flow needs both ends: egress at its source and ingress at its target, so each becomes two policies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network

import pulumi

from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.foundation import accelerators, knative_operator
from aigc.foundation.flows import (
    ALERTMANAGER,
    API_CLIENTS,
    AWS_CLIENTS,
    FLOWS,
    GKE_METADATA,
    GOOGLE_CLIENTS,
    KOURIER_FLOWS,
    KOURIER_WORLD_TARGETS,
    NEURON_PLUGIN,
    NODE_CLIENTS,
    ONLY_NODE_CLIENTS,
    POD_IDENTITY,
    WEBHOOK_TARGETS,
    WORLD_TARGETS,
    Flow,
    Pods,
    bucket_readers,
)
from aigc.plan.policy_engine import PolicyEngine, policy_engine
from aigc.plan.stack_plan import Cloud, ClusterPlan, StackPlan
from aigc.tokens import Component

_DNS_PORT = 53
_ANYWHERE = "0.0.0.0/0"
_HTTPS_PORT = 443
_API_PORTS = (443, 6443, 16443)
"""Of the Service, of most control planes, and of the local one: policies are judged after translation."""
_EVERY_PEER: tuple[Body, ...] = ()
"""No peer named is every peer: the one rule that means nodes to an engine whose ranges do not mean them."""
_KUBE_SYSTEM = "kube-system"


def network_policies(plan: StackPlan, control_plane_cidr: str | None) -> list[Body]:
    """Every policy of a stack, in a fixed order; a control plane that a cloud manages may answer from anywhere."""
    ours = {namespace.name for namespace in plan.namespaces}
    kourier = any(component.name == knative_operator.COMPONENT for component in plan.components)
    flows = (*FLOWS, *(KOURIER_FLOWS if kourier else ()))
    world = (*WORLD_TARGETS, *(KOURIER_WORLD_TARGETS if kourier else ()))
    to_nodes = ONLY_NODE_CLIENTS if plan.cluster.only_node_address else NODE_CLIENTS
    engine, api = policy_engine(plan), control_plane_cidr or _ANYWHERE
    api_server = _ranges(api, *_service_of_the_api(plan.cluster)) if engine.api_server_is_outside else _EVERY_PEER
    node_range = plan.cluster.node_cidr
    nodes = _ranges(node_range) if node_range and engine.ranges_mean_nodes else _EVERY_PEER
    anybody = _ranges(_ANYWHERE) if engine.ranges_mean_nodes else _EVERY_PEER
    return [
        *(_default_deny(name) for name in sorted(ours)),
        *(_dns(name) for name in sorted(ours)),
        *_flows(flow for flow in flows if {flow.source.namespace, flow.target.namespace} <= ours),
        *(_egress(pods, api_server, _API_PORTS, "api-server") for pods in _api_clients(plan) if pods.namespace in ours),
        *_of_cloud(plan, ours),
        *(_egress(pods, nodes, ports, "nodes") for pods, ports in to_nodes if pods.namespace in ours),
        *(_open(pods, port, anybody, f"world-{port}") for pods, port in world if pods.namespace in ours),
        *(
            _open(pods, port, _callers(engine, api), "api-server")
            for pods, port in WEBHOOK_TARGETS
            if pods.namespace in ours
        ),
        *(_webhook() if plan.monitoring and plan.monitoring.alert_webhook else ()),
        *(_from_node(name, cidr) for name in sorted(ours) if (cidr := _kubelets(plan.cluster, engine)) is not None),
    ]


def _api_clients(plan: StackPlan) -> Iterator[Pods]:
    yield from API_CLIENTS
    if any(component.name == accelerators.NEURON for component in plan.components):
        yield NEURON_PLUGIN


def _default_deny(namespace: str) -> Body:
    return _policy(namespace, "default-deny", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})


def _dns(namespace: str) -> Body:
    # The resolver is a pod on clouds and a process of the host locally: by port, then, not by label.
    ports = [{"protocol": protocol, "port": _DNS_PORT} for protocol in ("UDP", "TCP")]
    return _policy(namespace, "dns", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": ports}]})


def _flows(flows: Iterable[Flow]) -> Iterator[Body]:
    for flow in flows:
        source, target = _role(flow.source), _role(flow.target)
        yield _policy(
            flow.source.namespace,
            f"{source}-to-{target}",
            {
                "podSelector": _selector(flow.source),
                "policyTypes": ["Egress"],
                "egress": [{"to": [_peer(flow.target)], "ports": _tcp(flow.ports)}],
            },
            flow.why,
        )
        yield _policy(
            flow.target.namespace,
            f"{target}-from-{source}",
            {
                "podSelector": _selector(flow.target),
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [_peer(flow.source)], "ports": _tcp(flow.ports)}],
            },
            flow.why,
        )


def _egress(pods: Pods, peers: Sequence[Body], ports: Sequence[int], where: str, why: str | None = None) -> Body:
    spec = {"podSelector": _selector(pods), "policyTypes": ["Egress"], "egress": [_rule("to", peers, ports)]}
    return _policy(pods.namespace, f"{_role(pods)}-to-{where}", spec, why)


def _aws(pods: Pods) -> Iterator[Body]:
    yield _egress(pods, _ranges(_ANYWHERE), (_HTTPS_PORT,), "aws", "AWS' own API, and its registry")
    cidr, port = POD_IDENTITY
    yield _egress(pods, _ranges(cidr), (port,), "pod-identity", "credentials of its own, from the agent of its node")


def _google(pods: Pods) -> Iterator[Body]:
    yield _egress(pods, _ranges(_ANYWHERE), (_HTTPS_PORT,), "google", "Google Cloud's own API, and its registry")
    cidr, ports = GKE_METADATA
    yield _egress(pods, _ranges(cidr), ports, "metadata", "credentials of its own, from the agent of its node")


_CLOUD_CLIENTS: Mapping[Cloud, tuple[tuple[Pods, ...], Callable[[Pods], Iterator[Body]]]] = {
    Cloud.AWS: (AWS_CLIENTS, _aws),
    Cloud.GCP: (GOOGLE_CLIENTS, _google),
}
"""Pods with business on their cloud, and what makes their policies there."""


def _of_cloud(plan: StackPlan, ours: set[str]) -> Iterator[Body]:
    if plan.cloud in _CLOUD_CLIENTS:
        clients, policies = _CLOUD_CLIENTS[plan.cloud]
        for pods in (*clients, *bucket_readers(plan)):
            if pods.namespace in ours:
                yield from policies(pods)


def _service_of_the_api(cluster: ClusterPlan) -> tuple[str, ...]:
    """The address of the Service `kubernetes`, the first of its range, where policies are judged before translation.

    So does the VPC CNI at the pod's end of its link; for pods its controller adds the Services that select them, for
    a range it cannot (amazon-network-policy-controller-k8s, pkg/resolvers/endpoints.go).
    """
    if not cluster.pods_share_the_nodes_range or cluster.service_cidr is None:
        return ()
    return (f"{IPv4Network(cluster.service_cidr)[1]}/32",)


def _callers(engine: PolicyEngine, api: str) -> Sequence[Body]:
    """Whose address a webhook sees when the API server asks it: its own, or that of a pod at the end of its tunnel."""
    if not engine.api_server_is_outside:
        return _EVERY_PEER
    return (*_ranges(api), *((_peer(Pods(_KUBE_SYSTEM, engine.tunnel)),) if engine.tunnel else ()))


def _kubelets(cluster: ClusterPlan, engine: PolicyEngine) -> str | None:
    """The range whose addresses can be nothing but nodes.

    Where pods take addresses of the same range (AWS) it would open every pod to every other. The VPC CNI needs none:
    its aws-network-policy-agent puts the node's own address into the rules of every pod, and what a load balancer asks
    through other nodes is open to the world anyway. Where a range means no node, it would be a rule that does nothing:
    Cilium lets in a pod's own node, and the kubelet with it, by itself.
    """
    useless = cluster.pods_share_the_nodes_range or not engine.ranges_mean_nodes
    return None if useless else cluster.node_cidr


def _webhook() -> Iterator[Body]:
    # Whose address it is stands in a secret; a name cannot be written in a policy either.
    yield _egress(ALERTMANAGER, _ranges(_ANYWHERE), (_HTTPS_PORT,), "webhook", "alerts for people")


def _open(pods: Pods, port: int, peers: Sequence[Body], who: str) -> Body:
    spec = {"podSelector": _selector(pods), "policyTypes": ["Ingress"], "ingress": [_rule("from", peers, (port,))]}
    return _policy(pods.namespace, f"{_role(pods)}-from-{who}", spec)


def _from_node(namespace: str, cidr: str) -> Body:
    ingress = [{"from": [{"ipBlock": {"cidr": cidr}}]}]
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": ingress}
    return _policy(namespace, "from-node", spec, "the kubelet's probes, and traffic through a NodePort")


def _policy(namespace: str, name: str, spec: Body, why: str | None = None) -> Body:
    metadata: Body = {"name": name, "namespace": namespace}
    if why is not None:
        metadata["annotations"] = {"aigc/why": why}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _role(pods: Pods) -> str:
    return pods.labels[0][1] if pods.labels else pods.namespace


def _selector(pods: Pods) -> Body:
    return {"matchLabels": dict(pods.labels)} if pods.labels else {}


def _peer(pods: Pods) -> Body:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": pods.namespace}},
        "podSelector": _selector(pods),
    }


def _ranges(*cidrs: str) -> tuple[Body, ...]:
    return tuple({"ipBlock": {"cidr": cidr}} for cidr in cidrs)


def _rule(side: str, peers: Sequence[Body], ports: Sequence[int]) -> Body:
    return {**({side: list(peers)} if peers else {}), "ports": _tcp(ports)}


def _tcp(ports: Sequence[int]) -> list[Body]:
    return [{"protocol": "TCP", "port": port} for port in ports]


class NetworkPolicies(Component):
    """Every policy of the stack."""

    LAYER = "foundation"

    def __init__(self, name: str, plan: StackPlan, cluster: ClusterHandle, after: Sequence[pulumi.Resource]) -> None:
        super().__init__(name)
        self.objects = add_objects(cluster, self, network_policies(plan, cluster.control_plane_cidr), after)
        self.done({"count": len(self.objects)})
