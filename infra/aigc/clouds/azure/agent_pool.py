"""From a pool of the plan to the arguments of an agent pool; pure, so that a table can test it.

AKS takes the same ones in two places: the first pool inside the cluster, the others as resources of their own.
"""

from __future__ import annotations

from typing import Any

from pulumi_azure_native.containerservice import GPUProfileArgs

from aigc.catalog.limits import AKS_PODS_A_NODE
from aigc.plan.stack_plan import CapacityType, PoolPlan

IGNORED = ["count"]
IGNORED_IN_CLUSTER = ["agentPoolProfiles[0].count"]
"""The autoscaler's: applying the number of the first day would undo its work."""
_NO_PRICE_LIMIT = -1.0
"""A spot node then goes when Azure wants its machine back, never for a price; it costs no more than on demand."""


def pool_settings(pool: PoolPlan, kubernetes_minor: str) -> dict[str, Any]:
    """What both places take alike; it starts with the fewest nodes, the autoscaler adds what pods wait for."""
    return {
        "vm_size": pool.machine_type,
        "type": "VirtualMachineScaleSets",
        "os_type": "Linux",
        "os_sku": pool.node_image,
        "os_disk_type": "Managed",
        "os_disk_size_gb": pool.disk_gib,
        "orchestrator_version": kubernetes_minor,
        "max_pods": AKS_PODS_A_NODE,
        "enable_auto_scaling": True,
        "min_count": pool.min_nodes,
        "max_count": pool.max_nodes,
        "count": pool.min_nodes,
        "availability_zones": list(pool.zones) or None,
        "enable_node_public_ip": False,
        "node_labels": pool.labels,
        "node_taints": [f"{taint.key}={taint.value}:{taint.effect}" for taint in pool.taints],
        **_driver(pool),
        **_spot(pool),
    }


def _driver(pool: PoolPlan) -> dict[str, Any]:
    return {"gpu_profile": GPUProfileArgs(driver="Install")} if pool.accelerators_per_node else {}


def _spot(pool: PoolPlan) -> dict[str, Any]:
    if pool.capacity is not CapacityType.SPOT:
        return {"scale_set_priority": "Regular"}
    # Deleted, for machines that are only stopped count in the quota and keep their disks.
    return {
        "scale_set_priority": "Spot",
        "scale_set_eviction_policy": "Delete",
        "spot_max_price": _NO_PRICE_LIMIT,
    }
