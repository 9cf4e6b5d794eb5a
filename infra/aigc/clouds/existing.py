"""A cluster the user already has, on whatever cloud: nothing is made under it, objects are put on it."""

from __future__ import annotations

from dataclasses import dataclass

from aigc.clouds.contract import ClusterHandle, Inability, NetworkHandle
from aigc.clouds.kubeconfig import cluster_of_kubeconfig
from aigc.plan.stack_plan import Cloud, StackPlan


@dataclass(frozen=True)
class ExistingCluster:
    """A kubeconfig and, where it holds several, a context."""

    cloud: Cloud = Cloud.EXISTING
    inabilities: tuple[Inability, ...] = (
        Inability("node pools", "The cluster's owner makes its nodes; name their labels in the stack file instead"),
        Inability("baked images", "Its nodes cannot see images built here: a registry is required"),
    )

    def network(self, plan: StackPlan) -> NetworkHandle:
        """The cluster's own."""
        return NetworkHandle()

    def cluster(self, plan: StackPlan, network: NetworkHandle) -> ClusterHandle:
        """The one that the kubeconfig names."""
        return cluster_of_kubeconfig(plan)


ADAPTER = ExistingCluster()
