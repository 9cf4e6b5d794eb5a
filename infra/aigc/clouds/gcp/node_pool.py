"""From a pool of the plan to the arguments of a GKE node pool; pure, so that a table can test it.

Kubernetes and GKE spell a taint's effect differently, and a pool that autoscales over zones counts in total: with
counts per zone a maximum of four would be twelve in three zones.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp.container import (
    NodePoolAutoscalingArgs,
    NodePoolManagementArgs,
    NodePoolNetworkConfigArgs,
    NodePoolNodeConfigArgs,
    NodePoolNodeConfigGcfsConfigArgs,
    NodePoolNodeConfigGuestAcceleratorArgs,
    NodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfigArgs,
    NodePoolNodeConfigShieldedInstanceConfigArgs,
    NodePoolNodeConfigTaintArgs,
    NodePoolNodeConfigWorkloadMetadataConfigArgs,
)

from aigc.plan.stack_plan import CapacityType, PoolPlan

_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
_ZONES_OF_A_REGION = 3
"""What GKE spans when no zones are named."""
OAUTH_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
"""No second, older limit beside IAM's."""
IGNORED = ["initialNodeCount", "nodeCount"]
"""The autoscaler's: applying the number of the first day would undo its work, and the first one replaces the pool."""


def initial_nodes(pool: PoolPlan) -> int:
    """Nodes per zone at creation, never more than the pool's minimum in total.

    Zero is fine even where the minimum is one: GKE's own pods wait, and the autoscaler makes the first node for them.
    """
    return pool.min_nodes // (len(pool.zones) or _ZONES_OF_A_REGION)


def autoscaling(pool: PoolPlan) -> NodePoolAutoscalingArgs:
    """Bounds in total over the zones; spot takes whichever zone has capacity instead of balancing them."""
    return NodePoolAutoscalingArgs(
        total_min_node_count=pool.min_nodes,
        total_max_node_count=pool.max_nodes,
        location_policy="BALANCED" if pool.capacity is CapacityType.ON_DEMAND else "ANY",
    )


def management() -> NodePoolManagementArgs:
    """GKE mends and upgrades nodes itself, within the release channel."""
    return NodePoolManagementArgs(auto_repair=True, auto_upgrade=True)


def network_config() -> NodePoolNetworkConfigArgs:
    """No node has a public address."""
    return NodePoolNetworkConfigArgs(enable_private_nodes=True)


def node_config(pool: PoolPlan, service_account: pulumi.Input[str]) -> NodePoolNodeConfigArgs:
    """What each node of the pool is."""
    return NodePoolNodeConfigArgs(
        machine_type=pool.machine_type,
        disk_size_gb=pool.disk_gib,
        spot=pool.capacity is CapacityType.SPOT,
        labels=pool.labels,
        taints=[
            NodePoolNodeConfigTaintArgs(key=taint.key, value=taint.value, effect=_EFFECTS[taint.effect])
            for taint in pool.taints
        ],
        guest_accelerators=accelerators(pool),
        service_account=service_account,
        oauth_scopes=list(OAUTH_SCOPES),
        # Images of ten gigabytes start while they are still being fetched.
        gcfs_config=NodePoolNodeConfigGcfsConfigArgs(enabled=True),
        shielded_instance_config=NodePoolNodeConfigShieldedInstanceConfigArgs(
            enable_secure_boot=True, enable_integrity_monitoring=True
        ),
        # Pods see their own workload identity, not the node's service account.
        workload_metadata_config=NodePoolNodeConfigWorkloadMetadataConfigArgs(mode="GKE_METADATA"),
    )


def accelerators(pool: PoolPlan) -> list[NodePoolNodeConfigGuestAcceleratorArgs] | None:
    """The pool's accelerators with the driver that GKE installs; None on a pool without."""
    if not pool.accelerator_label or not pool.accelerators_per_node:
        return None
    driver = NodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfigArgs(gpu_driver_version="DEFAULT")
    return [
        NodePoolNodeConfigGuestAcceleratorArgs(
            type=pool.accelerator_label, count=pool.accelerators_per_node, gpu_driver_installation_config=driver
        )
    ]
