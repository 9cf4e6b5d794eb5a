"""Karpenter as a Helm Release, and the plan's pools that grow from none as its node pools.

A pool whose nodes stay is a managed node group: Karpenter itself, and what must never wait for a node, live there.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from aigc.catalog.labels import DISCOVERY_TAG, KARPENTER
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.cluster.node_pools import NodeClassKind, growing_from_none, node_pool_body
from aigc.foundation.release import release
from aigc.plan.stack_plan import ComponentPlan, PoolPlan, StackPlan
from aigc.tokens import Component

COMPONENT = KARPENTER
_RESOURCES = {"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}}
_NODE_CLASS = NodeClassKind("karpenter.k8s.aws", "EC2NodeClass")
_OLDEST_HOURS = 720
"""A month: then a node is replaced, and with it a kernel that nobody patches."""


def chart_values(plan: StackPlan) -> Body:
    """Two replicas where two nodes stay, for the chart puts no two on one."""
    staying = sum(pool.min_nodes for pool in plan.pools if not pool.karpenter)
    return {
        "fullnameOverride": KARPENTER,
        "replicas": min(2, staying),
        "serviceAccount": {"name": KARPENTER},
        "controller": {"resources": _RESOURCES},
        "settings": {"clusterName": plan.cluster.name, "interruptionQueue": plan.cluster.name},
    }


def node_class_body(plan: StackPlan, pool: PoolPlan) -> Body:
    """How a node of the pool is made: image, network, disk; as the launch template of a group has it."""
    found = [{"tags": {DISCOVERY_TAG: plan.cluster.name}}]
    disk = {"volumeType": "gp3", "volumeSize": f"{pool.disk_gib}Gi", "encrypted": True, "deleteOnTermination": True}
    return {
        "apiVersion": f"{_NODE_CLASS.group}/v1",
        "kind": _NODE_CLASS.kind,
        "metadata": {"name": pool.name},
        "spec": {
            "amiSelectorTerms": [{"alias": pool.node_image}],
            "instanceProfile": plan.cluster.name,
            "subnetSelectorTerms": found,
            "securityGroupSelectorTerms": found,
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": disk}],
            # A pod gets none of its node's credentials: one hop is none for a pod on its network.
            "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
            "tags": {"aigc-stack": plan.stack, "aigc-cluster": plan.cluster.name},
        },
    }


def karpenter_pool_body(pool: PoolPlan) -> Body:
    """Which nodes, and how many at most."""
    return growing_from_none(node_pool_body(pool.name, pool, _NODE_CLASS, expire_after=f"{_OLDEST_HOURS}h"), pool)


class Karpenter(Component):
    """The controller, then what it makes nodes from; on the way back its nodes go before it does."""

    LAYER = "foundation"

    def __init__(
        self,
        name: str,
        plan: StackPlan,
        component: ComponentPlan,
        cluster: ClusterHandle,
        after: Sequence[pulumi.Resource],
    ) -> None:
        super().__init__(name)
        controller = release(self, component, cluster, chart_values(plan), (*after, *cluster.ready))
        pools = [pool for pool in plan.pools if pool.karpenter]
        classes = add_objects(cluster, self, [node_class_body(plan, pool) for pool in pools], (controller,))
        made = add_objects(cluster, self, [karpenter_pool_body(pool) for pool in pools], (controller, *classes))
        self.ready: tuple[pulumi.Resource, ...] = (controller, *made)
        """What a pod that waits for a node comes after."""
        self.done({"version": component.version, "namespace": component.namespace})
