"""Google Cloud: a private GKE cluster with the plan's node pools.

GKE installs the accelerators' drivers itself, so nothing of the GPU operator's kind is needed here.
"""

from __future__ import annotations

from dataclasses import dataclass

from aigc.clouds.contract import ClusterHandle, Inability, NetworkHandle
from aigc.clouds.gcp.cluster import GkeCluster
from aigc.clouds.gcp.network import GcpNetwork
from aigc.plan.stack_plan import Cloud, StackPlan


@dataclass(frozen=True)
class GoogleCloud:
    """GKE, in one region."""

    cloud: Cloud = Cloud.GCP
    inabilities: tuple[Inability, ...] = (
        Inability(
            "rights of one cluster",
            "A right of a pod holds in every cluster of its project: pods of one name are one identity there",
        ),
        Inability(
            "a closed API server", "Its public endpoint takes connections from anywhere, and IAM judges each request"
        ),
        Inability("reservations", "Reserved capacity is not matched to a pool yet; a reserved pool is made on demand"),
        Inability(
            "steady endpoints", "Kourier routes Knative Services only; a steady endpoint is reached inside the cluster"
        ),
        Inability(
            "accelerators over several hosts", "Pools of one host each are made; slices over several hosts are not"
        ),
    )

    def network(self, plan: StackPlan) -> NetworkHandle:
        """A network of its own, with a way out for nodes that have no public address."""
        return GcpNetwork("network", plan).handle

    def cluster(self, plan: StackPlan, network: NetworkHandle) -> ClusterHandle:
        """The cluster and its node pools."""
        return GkeCluster("cluster", plan, network).handle


ADAPTER = GoogleCloud()
