"""From a pool of the plan to the arguments of an agent pool; pure, so that a table can test it.

AKS takes the same ones in two places: the first pool inside the cluster, the others as resources of their own.
"""

from __future__ import annotations

from typing import Any

from pulumi_azure_native.containerservice import GPUProfileArgs

from aigc.catalog.limits import AKS_PODS_A_NODE
from aigc.plan.devices import aks_profile
from aigc.plan.stack_plan import CapacityType, PoolPlan, StackPlan

_COUNT = "count"
_COUNT_IN_CLUSTER = "agentPoolProfiles[0].count"
_NO_PRICE_LIMIT = -1.0
"""A spot node then goes when Azure wants its machine back, never for a price; it costs no more than on demand."""


def ignored(plan: StackPlan, *, in_cluster: bool) -> list[str]:
    """What is the autoscaler's: applying the number of the first day would undo its work."""
    return [_COUNT_IN_CLUSTER if in_cluster else _COUNT] if _autoscaled(plan) else []


def pool_settings(plan: StackPlan, pool: PoolPlan) -> dict[str, Any]:
    """What both places take alike."""
    return {
        "vm_size": pool.machine_type,
        "type": "VirtualMachineScaleSets",
        "os_type": "Linux",
        "os_sku": pool.node_image,
        "os_disk_type": "Managed",
        "os_disk_size_gb": pool.disk_gib,
        "orchestrator_version": plan.cluster.kubernetes_minor,
        "max_pods": AKS_PODS_A_NODE,
        **_size(plan, pool),
        "availability_zones": list(pool.zones) or None,
        "enable_node_public_ip": False,
        "node_labels": pool.labels,
        "node_taints": [f"{taint.key}={taint.value}:{taint.effect}" for taint in pool.taints],
        **_driver(pool),
        "gpu_instance_profile": aks_profile(pool.partition) if pool.partition else None,
        **_spot(pool),
    }


def _autoscaled(plan: StackPlan) -> bool:
    return plan.azure is None or not plan.azure.node_auto_provisioning


def _size(plan: StackPlan, pool: PoolPlan) -> dict[str, Any]:
    """It starts with the fewest nodes, the autoscaler adds what pods wait for; beside AKS' Karpenter it never grows."""
    bounds = {"min_count": pool.min_nodes, "max_count": pool.max_nodes} if _autoscaled(plan) else {}
    return {"enable_auto_scaling": _autoscaled(plan), "count": pool.min_nodes, **bounds}


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
