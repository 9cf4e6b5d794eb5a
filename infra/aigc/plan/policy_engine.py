"""What enforces network policies on each cloud, as far as a policy has to be written differently for it, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aigc.catalog.kinds import NetworkPolicyEngine
from aigc.plan.stack_plan import Cloud, StackPlan


@dataclass(frozen=True)
class PolicyEngine:
    """What an address range means to it, and how the API server comes to pods."""

    name: str
    ranges_mean_nodes: bool
    """Whether an `ipBlock` covers nodes and pods by their address. Where it does not, a node has no name in a
    NetworkPolicy: only a rule that names no peer lets it in or is let out to it."""
    api_server_is_outside: bool
    """Whether the API server's address can be no node's."""
    tunnel: tuple[tuple[str, str], ...] = ()
    """Labels of the pods of `kube-system` through which the API server asks webhooks, where they have to be named."""


_ENGINES: Mapping[Cloud, PolicyEngine] = {
    Cloud.AWS: PolicyEngine("the VPC CNI", ranges_mean_nodes=True, api_server_is_outside=True),
    # Dataplane V2 is Cilium (GKE, 'About GKE Dataplane V2'); cilium, Documentation/security/policy/language.rst: CIDR
    # rules match neither pods nor nodes. GKE's label is the one of tigera/operator, pull 5212.
    Cloud.GCP: PolicyEngine(
        "Dataplane V2",
        ranges_mean_nodes=False,
        api_server_is_outside=True,
        tunnel=(("k8s-app", "konnectivity-agent"),),
    ),
    # Nothing is enforced here; the policies are judged by a test, against the addresses of recorded connections.
    Cloud.LOCAL: PolicyEngine("nothing", ranges_mean_nodes=True, api_server_is_outside=True),
}
_ON_AKS: Mapping[NetworkPolicyEngine, PolicyEngine] = {
    # AKS, too, asks through pods; to Calico they are addresses like any other.
    NetworkPolicyEngine.CALICO: PolicyEngine("Calico", ranges_mean_nodes=True, api_server_is_outside=True),
    # As on GKE (azure-aks-docs, azure-cni-powered-by-cilium.md, Limitations); AKS' label is from the same pull.
    NetworkPolicyEngine.CILIUM: PolicyEngine(
        "Cilium", ranges_mean_nodes=False, api_server_is_outside=True, tunnel=(("app", "konnectivity-agent"),)
    ),
}
_SOMEBODYS = PolicyEngine("whatever its owner chose", ranges_mean_nodes=False, api_server_is_outside=False)
"""Of a cluster that was there before, and of a cloud that is not in the table: what is right with every engine. Its API
server may be a process of a node."""


def policy_engine(plan: StackPlan) -> PolicyEngine:
    """That of the cloud; where the range of the nodes is not ours to choose, the cluster is somebody else's."""
    if plan.cluster.node_cidr is None:
        return _SOMEBODYS
    return _ON_AKS[plan.azure.network_policy] if plan.azure else _ENGINES.get(plan.cloud, _SOMEBODYS)
