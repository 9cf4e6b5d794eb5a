"""AKS' node auto-provisioning: the plan's pools that grow from none as NodePools, for the Karpenter that AKS runs.

Its kinds come with the cluster; no node class and no pool of AKS' own is asked for, see aigc.clouds.azure.cluster.
"""

from __future__ import annotations

import pulumi

from aigc.catalog.limits import AKS_PODS_A_NODE
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.cluster.node_pools import NodeClassKind, growing_from_none, node_pool_body
from aigc.plan.stack_plan import PoolPlan, StackPlan
from aigc.tokens import Component

_NODE_CLASS = NodeClassKind("karpenter.azure.com", "AKSNodeClass")
_NEVER = "Never"
"""No node expires: whenever AKS has a new image, nodes of an older one are replaced, some at a time (azure-aks-docs,
node-auto-provisioning-upgrade-image.md); those that expire would go at once (node-auto-provisioning-disruption.md)."""


def node_class_body(plan: StackPlan, pool: PoolPlan) -> Body:
    """How a node of the pool is made, as an agent pool has it; its subnet is that of the cluster's first pool.

    A node with NVIDIA's GPUs gets their driver without being asked for it.
    """
    return {
        "apiVersion": f"{_NODE_CLASS.group}/v1beta1",
        "kind": _NODE_CLASS.kind,
        "metadata": {"name": pool.name},
        "spec": {
            "imageFamily": pool.node_image,
            "osDiskSizeGB": pool.disk_gib,
            "maxPods": AKS_PODS_A_NODE,
            "tags": {"aigc-stack": plan.stack, "aigc-cluster": plan.cluster.name},
        },
    }


def pool_body(plan: StackPlan, pool: PoolPlan) -> Body:
    """The pool's NodePool; nodes say the region before their zone's number."""
    zones = [f"{plan.region}-{zone}" for zone in pool.zones]
    return growing_from_none(node_pool_body(pool.name, pool, _NODE_CLASS, expire_after=_NEVER, zones=zones), pool)


class NodeAutoProvisioning(Component):
    """What AKS' Karpenter makes nodes from."""

    LAYER = "foundation"

    def __init__(self, name: str, plan: StackPlan, cluster: ClusterHandle) -> None:
        super().__init__(name)
        pools = [pool for pool in plan.pools if pool.karpenter]
        classes = add_objects(cluster, self, [node_class_body(plan, pool) for pool in pools], cluster.ready)
        made = add_objects(cluster, self, [pool_body(plan, pool) for pool in pools], classes)
        self.objects: tuple[pulumi.Resource, ...] = tuple(made)
        self.done({"names": [pool.name for pool in pools]})
