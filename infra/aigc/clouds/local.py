"""This machine as a cloud: `scripts cluster up` made the cluster, the program only puts objects on it."""

from __future__ import annotations

from dataclasses import dataclass

from aigc.clouds.contract import ClusterHandle, Inability, NetworkHandle
from aigc.clouds.kubeconfig import cluster_of_kubeconfig
from aigc.plan.stack_plan import Cloud, StackPlan


@dataclass(frozen=True)
class LocalCloud:
    """One node, no accelerators, images built here."""

    cloud: Cloud = Cloud.LOCAL
    inabilities: tuple[Inability, ...] = (
        Inability("node pools", "This machine is the only node, so pools of the stack file make nothing here"),
        Inability("network policy", "The bridge CNI does not enforce policies; they are evaluated by a test instead"),
        Inability("load balancer", "Nothing hands out addresses here; the gateway is a NodePort on the node's address"),
    )

    def network(self, plan: StackPlan) -> NetworkHandle:
        """The bridge that `scripts cluster up` made."""
        return NetworkHandle()

    def cluster(self, plan: StackPlan, network: NetworkHandle) -> ClusterHandle:
        """The cluster that `scripts cluster up` made."""
        return cluster_of_kubeconfig(plan, control_plane_cidr=plan.cluster.node_cidr)


ADAPTER = LocalCloud()
