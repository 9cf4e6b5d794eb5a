"""What enforces policies on each cloud, as its own documentation and source describe it; the evaluator judges by this.

It is written down here a second time on purpose, and not taken from what the policies are made of: a policy and the
belief that it works would otherwise be one thing.
"""

from __future__ import annotations

from dataclasses import dataclass

from aigc.plan.stack_plan import Cloud


@dataclass(frozen=True)
class Engine:
    """How a network plugin reads what Kubernetes leaves open."""

    range_means_pods: bool
    """An `ipBlock` that covers the address of a pod means this pod."""
    range_means_nodes: bool
    own_node_may_ask: bool = True
    """The node that a pod runs on always reaches it, so its kubelet can probe."""
    may_ask_own_node: bool = False
    """A pod always reaches the node that it runs on."""


CILIUM = Engine(range_means_pods=False, range_means_nodes=False)
"""cilium, Documentation/security/policy/language.rst: CIDR rules do not apply between ends that Cilium manages or that
have a node's address ('Selecting nodes with CIDR / ipBlock' is an option, off by default); the local host alone is let
in by itself, which in pkg/policy/mapstate.go is a key for ingress (`allow-localhost-ingress`), and other nodes are
`remote-node`, which a NetworkPolicy cannot name (cilium/cilium issues 12277, 14989, 46571; pull 31228)."""

CALICO = Engine(range_means_pods=True, range_means_nodes=True)
"""A range is a range of addresses, whoever has them (kubernetes.io, Network Policies, 'Behavior of to and from
selectors', leaves it to the plugin)."""

VPC_CNI = Engine(range_means_pods=True, range_means_nodes=True, may_ask_own_node=True)
"""Addresses in a map of eBPF; to and from the node's own address nothing is refused (aws/aws-network-policy-agent,
pull 65)."""

ENGINES: dict[Cloud, tuple[Engine, ...]] = {
    Cloud.AWS: (VPC_CNI,),
    Cloud.AZURE: (CALICO,),
    Cloud.GCP: (CILIUM,),
    Cloud.EXISTING: (CALICO, CILIUM, VPC_CNI),
}
"""Cloud -> each engine that its stacks may meet: on a cluster that somebody else made, any."""
