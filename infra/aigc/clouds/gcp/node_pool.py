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
    NodePoolNodeConfigGuestAcceleratorGpuSharingConfigArgs,
    NodePoolNodeConfigReservationAffinityArgs,
    NodePoolNodeConfigShieldedInstanceConfigArgs,
    NodePoolNodeConfigTaintArgs,
    NodePoolNodeConfigWorkloadMetadataConfigArgs,
    NodePoolPlacementPolicyArgs,
    NodePoolUpgradeSettingsArgs,
)

from aigc.catalog.gke import FLEX_START_SECONDS, TPU_RESOURCE
from aigc.plan.stack_plan import CapacityType, PoolPlan

_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
_RESERVATION_NAME = "compute.googleapis.com/reservation-name"
_ZONES_OF_A_REGION = 3
"""What GKE spans when no zones are named."""
OAUTH_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
"""No second, older limit beside IAM's."""
IGNORED = ["initialNodeCount", "nodeCount"]
"""The autoscaler's: applying the number of the first day would undo its work, and the first one replaces the pool."""


def placement(pool: PoolPlan, policy: pulumi.Input[str] | None) -> NodePoolPlacementPolicyArgs | None:
    """How the machines of one slice stand to each other; `policy` is the workload policy, for those that want one."""
    if pool.hosts_per_slice == 1:
        return None
    if policy is not None:
        return NodePoolPlacementPolicyArgs(type="COMPACT", policy_name=policy)
    return NodePoolPlacementPolicyArgs(type="COMPACT", tpu_topology=pool.topology)


def initial_nodes(pool: PoolPlan) -> int:
    """Nodes per zone at creation, never more than the pool's minimum in total.

    Zero is fine even where the minimum is one: GKE's own pods wait, and the autoscaler makes the first node for them.
    """
    return pool.min_nodes // (len(pool.zones) or _ZONES_OF_A_REGION)


def autoscaling(pool: PoolPlan) -> NodePoolAutoscalingArgs:
    """Bounds in total over the zones; what is scarce takes whichever zone has it instead of balancing them."""
    balanced = pool.capacity is CapacityType.ON_DEMAND and pool.hosts_per_slice == 1
    return NodePoolAutoscalingArgs(
        total_min_node_count=pool.min_nodes,
        total_max_node_count=pool.max_nodes,
        location_policy="BALANCED" if balanced else "ANY",
    )


def management(pool: PoolPlan) -> NodePoolManagementArgs:
    """GKE mends and upgrades nodes itself, within the release channel; it mends none of flex-start."""
    return NodePoolManagementArgs(auto_repair=pool.capacity is not CapacityType.FLEX_START, auto_upgrade=True)


def upgrades(pool: PoolPlan) -> NodePoolUpgradeSettingsArgs | None:
    """Node by node: a new one first where the plan has room for it, else one is missed at a time.

    None where GKE alone decides: nodes of flex-start end by themselves, and a slice is replaced whole.
    """
    if pool.capacity is CapacityType.FLEX_START or pool.hosts_per_slice > 1:
        return None
    missed = 0 if pool.surge_nodes else 1
    return NodePoolUpgradeSettingsArgs(strategy="SURGE", max_surge=pool.surge_nodes, max_unavailable=missed)


def network_config() -> NodePoolNetworkConfigArgs:
    """No node has a public address."""
    return NodePoolNetworkConfigArgs(enable_private_nodes=True)


def node_config(pool: PoolPlan, service_account: pulumi.Input[str]) -> NodePoolNodeConfigArgs:
    """What each node of the pool is."""
    flexible = pool.capacity is CapacityType.FLEX_START
    return NodePoolNodeConfigArgs(
        machine_type=pool.machine_type,
        disk_size_gb=pool.disk_gib,
        disk_type=pool.boot_disk_type,
        spot=pool.capacity is CapacityType.SPOT,
        flex_start=True if flexible else None,
        max_run_duration=f"{FLEX_START_SECONDS}s" if flexible else None,
        reservation_affinity=reservation(pool),
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


def reservation(pool: PoolPlan) -> NodePoolNodeConfigReservationAffinityArgs | None:
    """The one reservation of a reserved pool; flex-start is refused by GKE unless it takes none."""
    if pool.capacity is CapacityType.FLEX_START:
        return NodePoolNodeConfigReservationAffinityArgs(consume_reservation_type="NO_RESERVATION")
    if pool.reservation is None:
        return None
    return NodePoolNodeConfigReservationAffinityArgs(
        consume_reservation_type="SPECIFIC_RESERVATION", key=_RESERVATION_NAME, values=[pool.reservation]
    )


def accelerators(pool: PoolPlan) -> list[NodePoolNodeConfigGuestAcceleratorArgs] | None:
    """The pool's GPUs with the driver that GKE installs, cut and shared as planned; TPUs are part of their machine."""
    if not pool.accelerator_label or not pool.accelerators_per_node or pool.resource_key == TPU_RESOURCE:
        return None
    driver = NodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfigArgs(gpu_driver_version="DEFAULT")
    sharing = pool.sharing and NodePoolNodeConfigGuestAcceleratorGpuSharingConfigArgs(
        gpu_sharing_strategy=pool.sharing.strategy.value.upper(), max_shared_clients_per_gpu=pool.sharing.max_clients
    )
    return [
        NodePoolNodeConfigGuestAcceleratorArgs(
            type=pool.accelerator_label,
            count=pool.accelerators_per_node,
            gpu_driver_installation_config=driver,
            gpu_partition_size=pool.partition,
            gpu_sharing_config=sharing,
        )
    ]
