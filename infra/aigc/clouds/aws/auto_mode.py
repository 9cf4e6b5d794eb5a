"""What EKS Auto Mode is to AWS: three switches of the cluster, and nodes that it has to let in.

All three are on or none (EKS user guide, auto-enable-existing).
"""

from __future__ import annotations

import pulumi
from pulumi_aws.eks import (
    AccessEntry,
    AccessPolicyAssociation,
    AccessPolicyAssociationAccessScopeArgs,
    Cluster,
    ClusterComputeConfigArgs,
    ClusterKubernetesNetworkConfigElasticLoadBalancingArgs,
    ClusterStorageConfigArgs,
    ClusterStorageConfigBlockStorageArgs,
)

from aigc.clouds.aws.policies import AUTO_NODES_ACCESS
from aigc.clouds.aws.roles import EksRoles
from aigc.plan.stack_plan import ClusterPlan
from aigc.tokens import Component


def compute(plan: ClusterPlan) -> ClusterComputeConfigArgs | None:
    """Machines for our node pools alone: those of EKS would be in no plan.

    Without any of EKS' own the API takes no role of nodes (terraform-aws-modules/terraform-aws-eks, issue 3483).
    """
    return ClusterComputeConfigArgs(enabled=True, node_pools=[]) if plan.auto_mode else None


def disks(plan: ClusterPlan) -> ClusterStorageConfigArgs | None:
    """Volumes of EBS."""
    on = ClusterStorageConfigBlockStorageArgs(enabled=True)
    return ClusterStorageConfigArgs(block_storage=on) if plan.auto_mode else None


def load_balancing(plan: ClusterPlan) -> ClusterKubernetesNetworkConfigElasticLoadBalancingArgs | None:
    """Load balancers for Services."""
    return ClusterKubernetesNetworkConfigElasticLoadBalancingArgs(enabled=True) if plan.auto_mode else None


class AutoModeNodes(Component):
    """The right of nodes to join, which EKS gives by itself only to those of its own node pools."""

    LAYER = "clouds"

    def __init__(
        self,
        name: str,
        parent: Component,
        cluster: Cluster,
        *,
        roles: EksRoles,
        provider: pulumi.ProviderResource | None,
    ) -> None:
        super().__init__(name, pulumi.ResourceOptions(parent=parent))
        entry = AccessEntry(
            "nodes",
            cluster_name=cluster.name,
            principal_arn=roles.nodes.arn,
            type="EC2",
            opts=self.child(provider, roles.nodes_ready),
        )
        may = AccessPolicyAssociation(
            "nodes",
            cluster_name=cluster.name,
            principal_arn=roles.nodes.arn,
            policy_arn=AUTO_NODES_ACCESS,
            access_scope=AccessPolicyAssociationAccessScopeArgs(type="cluster"),
            opts=self.child(provider, (entry,)),
        )
        self.ready: tuple[pulumi.Resource, ...] = (entry, may)
        """What must be there before a node is made."""
        self.done({})
