"""A pool whose nodes Karpenter makes, as its NodePool; how a node is made is a kind of each cloud's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aigc.cluster.kubernetes_object import Body
from aigc.plan.stack_plan import CapacityType, PoolPlan

_EMPTY_SECONDS = 300
"""How long a node without pods of ours stays: the next burst finds it, and with it the image of Triton."""


@dataclass(frozen=True)
class NodeClass:
    """The kind that says how a node is made; each pool has one, by its own name."""

    group: str
    kind: str


def node_pool_body(pool: PoolPlan, node_class: NodeClass, zones: Sequence[str], expire_after: str) -> Body:
    """Which nodes, and how many at most: it counts processors, so the bound is that many machines' worth of them.

    `zones` as the nodes' labels say them, empty for any; `expire_after` is how old a node may become.
    """
    kind = "spot" if pool.capacity is CapacityType.SPOT else "on-demand"
    wanted = {
        "node.kubernetes.io/instance-type": [pool.machine_type],
        "karpenter.sh/capacity-type": [kind],
        **({"topology.kubernetes.io/zone": list(zones)} if zones else {}),
    }
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": pool.name},
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
            "limits": {"cpu": f"{(pool.vcpus or 0) * pool.max_nodes:g}"},
            # Never moves pods together: a model that loads for minutes is not worth a node's half hour.
            "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": f"{_EMPTY_SECONDS}s"},
        },
    }
