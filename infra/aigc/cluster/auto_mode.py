"""Under EKS Auto Mode the pools of a plan are objects of the cluster, which EKS itself makes nodes of.

They belong to the cluster and not to the foundation: an add-on of the cloud counts as made once its pods run.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from aigc.catalog.labels import DISCOVERY_TAG
from aigc.catalog.limits import NODE_POOL_NAME_CHARS
from aigc.clouds.aws.policies import NODES, role_name
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.cluster.node_pools import NodeClassKind, growing_from_none, node_pool_body
from aigc.plan.names import physical
from aigc.plan.stack_plan import PoolPlan, StackPlan
from aigc.tokens import Component

_NODE_CLASS = NodeClassKind("eks.amazonaws.com", "NodeClass")
_OLDEST_HOURS = 336
"""Two weeks, as EKS' own node pools have it; after three it ends any node (amazon-eks-user-guide, issue 986)."""


def policy_switch_body() -> Body:
    """Without it EKS enforces no network policy (EKS user guide, auto-net-pol)."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "amazon-vpc-cni", "namespace": "kube-system"},
        "data": {"enable-network-policy-controller": "true"},
    }


def node_class_body(plan: StackPlan, pool: PoolPlan) -> Body:
    """How a node of the pool is made, as far as EKS asks (EKS user guide, create-node-class)."""
    cluster = plan.cluster.name
    reserved = {"capacityReservationSelectorTerms": [{"id": pool.reservation}]} if pool.reservation else {}
    return {
        "apiVersion": f"{_NODE_CLASS.group}/v1",
        "kind": _NODE_CLASS.kind,
        "metadata": {"name": pool.name},
        "spec": {
            "role": role_name(cluster, NODES),
            "subnetSelectorTerms": [{"tags": {DISCOVERY_TAG: cluster}}],
            # The cluster's own group, which EKS marks so; into no other may it let load balancers.
            "securityGroupSelectorTerms": [{"tags": {"aws:eks:cluster-name": cluster}}],
            "ephemeralStorage": {"size": f"{pool.disk_gib}Gi"},
            "networkPolicy": "DefaultAllow",
            **reserved,
        },
    }


def node_pool_bodies(pool: PoolPlan) -> list[Body]:
    """Which nodes, and how many: as many as pods need, or a fixed number in each zone.

    `replicas` can be neither added nor taken away, and over several zones EKS spreads them as it likes (EKS user guide,
    auto-static-capacity): so the name says which it is, and a zone has a NodePool of its own.
    """
    if not pool.min_nodes:
        return [growing_from_none(_body(f"{pool.name}-scaled", pool), pool)]
    return [
        _fixed(_body(f"{pool.name}-{zone}-fixed", pool, [zone]), pool, number)
        for zone, number in nodes_by_zone(pool).items()
    ]


def nodes_by_zone(pool: PoolPlan) -> dict[str, int]:
    """How many of a fixed number are in each zone, the first ones having one more where it does not come out even."""
    each, more = divmod(pool.min_nodes, len(pool.zones))
    numbers = {zone: each + (index < more) for index, zone in enumerate(pool.zones)}
    return {zone: number for zone, number in numbers.items() if number}


def _body(name: str, pool: PoolPlan, zones: Sequence[str] | None = None) -> Body:
    name = physical(name, NODE_POOL_NAME_CHARS)
    return node_pool_body(name, pool, _NODE_CLASS, expire_after=f"{_OLDEST_HOURS}h", zones=zones)


def _fixed(body: Body, pool: PoolPlan, number: int) -> Body:
    most = number + (1 if pool.surge_nodes else 0)
    return {**body, "spec": {**body["spec"], "replicas": number, "limits": {"nodes": most}}}


class AutoModePools(Component):
    """Policies are on, then node classes, then node pools: on the way back a node goes before what it was made by."""

    LAYER = "cluster"

    def __init__(self, name: str, plan: StackPlan, cluster: ClusterHandle) -> None:
        super().__init__(name)
        switch = add_objects(cluster, self, [policy_switch_body()], cluster.ready)
        classes = add_objects(cluster, self, [node_class_body(plan, pool) for pool in plan.pools], switch)
        bodies = [body for pool in plan.pools for body in node_pool_bodies(pool)]
        pools = add_objects(cluster, self, bodies, classes)
        self.ready: tuple[pulumi.Resource, ...] = pools
        """What a pod comes after."""
        self.done({"pools": len(pools)})
