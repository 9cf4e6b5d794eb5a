"""A pool of the plan as a NodePool of Karpenter, whoever runs that: the stack, EKS under Auto Mode, or AKS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aigc.cluster.kubernetes_object import Body
from aigc.plan.stack_plan import CapacityType, PoolPlan

_EMPTY_SECONDS = 300
"""How long a node without pods of ours stays: the next burst finds it, and with it the image of Triton."""
_KINDS = {CapacityType.SPOT: "spot", CapacityType.RESERVED: "reserved"}
_ON_DEMAND = "on-demand"


@dataclass(frozen=True)
class NodeClassKind:
    """Which kind of object says how a node is made."""

    group: str
    kind: str


def node_pool_body(
    name: str, pool: PoolPlan, node_class: NodeClassKind, *, expire_after: str, zones: Sequence[str] | None = None
) -> Body:
    """Which nodes, by the node class that is called like the pool; how many, its caller says.

    `zones` as the nodes' labels say them, where these are not the pool's; `expire_after` is how old a node may become.
    """
    zones = pool.zones if zones is None else zones
    wanted = {
        "node.kubernetes.io/instance-type": [pool.machine_type],
        "karpenter.sh/capacity-type": [_KINDS.get(pool.capacity, _ON_DEMAND)],
        **({"topology.kubernetes.io/zone": list(zones)} if zones else {}),
    }
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": name},
        "spec": {
            "template": {
                "metadata": {"labels": dict(pool.labels)},
                "spec": {
                    "nodeClassRef": {"group": node_class.group, "kind": node_class.kind, "name": pool.name},
                    "requirements": [
                        {"key": key, "operator": "In", "values": values} for key, values in wanted.items()
                    ],
                    "taints": [taint.model_dump() for taint in pool.taints],
                    "expireAfter": expire_after,
                },
            },
        },
    }


def growing_from_none(body: Body, pool: PoolPlan) -> Body:
    """As many nodes as pods need: it counts processors, so the bound is that many machines' worth of them."""
    spec: Body = {
        "limits": {"cpu": f"{(pool.vcpus or 0) * pool.max_nodes:g}"},
        # Never moves pods together: a model that loads for minutes is not worth a node's half hour.
        "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": f"{_EMPTY_SECONDS}s"},
    }
    return {**body, "spec": {**body["spec"], **spec}}
