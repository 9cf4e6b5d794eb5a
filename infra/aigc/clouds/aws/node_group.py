"""From a pool of the plan to the arguments of an EKS managed node group; pure, so that a table can test it."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_aws.ec2 import (
    LaunchTemplateBlockDeviceMappingArgs,
    LaunchTemplateBlockDeviceMappingEbsArgs,
    LaunchTemplateCapacityReservationSpecificationArgs,
    LaunchTemplateCapacityReservationSpecificationCapacityReservationTargetArgs,
    LaunchTemplateInstanceMarketOptionsArgs,
    LaunchTemplateMetadataOptionsArgs,
    LaunchTemplateTagSpecificationArgs,
)
from pulumi_aws.eks import NodeGroupScalingConfigArgs, NodeGroupTaintArgs

from aigc.catalog.labels import EFA_RESOURCE, NEURON_RESOURCE
from aigc.plan.node_images import is_bottlerocket
from aigc.plan.stack_plan import CapacityType, PoolPlan

_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
_CAPACITY = {CapacityType.ON_DEMAND: "ON_DEMAND", CapacityType.SPOT: "SPOT", CapacityType.RESERVED: "ON_DEMAND"}
_BLOCK = "CAPACITY_BLOCK"
_ROOT_DEVICE = "/dev/xvda"
"""Of Amazon Linux 2023, and of Bottlerocket's system."""
_DATA_DEVICE = "/dev/xvdb"
"""Of Bottlerocket's images and pods."""
_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"
IGNORED = ["scalingConfig.desiredSize"]
"""The autoscaler's: applying the number of the first day would undo its work."""


def capacity_type(pool: PoolPlan) -> str:
    """EKS' word for how nodes are paid for; those of an On-Demand Capacity Reservation are on demand to it."""
    return _BLOCK if pool.capacity_block else _CAPACITY[pool.capacity]


def reservation(pool: PoolPlan) -> LaunchTemplateCapacityReservationSpecificationArgs | None:
    """The one reservation whose machines the pool may take; it takes no others, so a full one makes no node."""
    if pool.reservation is None:
        return None
    target = LaunchTemplateCapacityReservationSpecificationCapacityReservationTargetArgs(
        capacity_reservation_id=pool.reservation
    )
    return LaunchTemplateCapacityReservationSpecificationArgs(capacity_reservation_target=target)


def market(pool: PoolPlan) -> LaunchTemplateInstanceMarketOptionsArgs | None:
    """Only a Capacity Block has a market in its template; EKS itself writes spot's there."""
    return LaunchTemplateInstanceMarketOptionsArgs(market_type="capacity-block") if pool.capacity_block else None


def machine_types(pool: PoolPlan) -> tuple[str | None, list[str] | None]:
    """Of the template and of the group: EKS wants a Capacity Block's in the template, and in one place only."""
    return (pool.machine_type, None) if pool.capacity_block else (None, [pool.machine_type])


def scaling(pool: PoolPlan) -> NodeGroupScalingConfigArgs:
    """Bounds over all zones; it starts with the fewest, the autoscaler adds what pods wait for."""
    return NodeGroupScalingConfigArgs(min_size=pool.min_nodes, max_size=pool.max_nodes, desired_size=pool.min_nodes)


def taints(pool: PoolPlan) -> list[NodeGroupTaintArgs]:
    """The pool's taints as EKS spells their effects."""
    return [
        NodeGroupTaintArgs(key=taint.key, value=taint.value, effect=_EFFECTS[taint.effect]) for taint in pool.taints
    ]


def disks(pool: PoolPlan) -> list[LaunchTemplateBlockDeviceMappingArgs]:
    """The disk of images and of what pods write; encrypted with the account's own key.

    It is the boot disk of Amazon Linux. Bottlerocket has it beside a small one of the system's own, whose size is the
    image's.
    """
    if is_bottlerocket(pool.node_image):
        return [_disk(_ROOT_DEVICE, None), _disk(_DATA_DEVICE, pool.disk_gib)]
    return [_disk(_ROOT_DEVICE, pool.disk_gib)]


def _disk(device: str, size_gib: int | None) -> LaunchTemplateBlockDeviceMappingArgs:
    disk = LaunchTemplateBlockDeviceMappingEbsArgs(
        volume_type="gp3", volume_size=size_gib, encrypted="true", delete_on_termination="true"
    )
    return LaunchTemplateBlockDeviceMappingArgs(device_name=device, ebs=disk)


def metadata() -> LaunchTemplateMetadataOptionsArgs:
    """The node's credentials stay the node's: asked for with a token, and one hop is none for a pod on its network."""
    return LaunchTemplateMetadataOptionsArgs(
        http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
    )


def machine_tags(tags: Mapping[str, str]) -> list[LaunchTemplateTagSpecificationArgs]:
    """Tags for what a group makes; the provider's default tags end at the group."""
    kinds = ("instance", "volume")
    return [LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=dict(tags)) for kind in kinds]


def template_tags(pool: PoolPlan) -> dict[str, str]:
    """What a node of the pool will be, for an autoscaler that has none to look at.

    It knows processors, memory and GPUs by the machine type; labels, taints, the disk and devices of AWS' own only by
    these tags of the scaling group (kubernetes/autoscaler, cloudprovider/aws/README.md).
    """
    counts = {pool.resource_key: pool.accelerators_per_node} if pool.resource_key == NEURON_RESOURCE else {}
    if pool.efa_interfaces:
        counts[EFA_RESOURCE] = pool.efa_interfaces
    return {
        **{f"{_TEMPLATE}/label/{key}": value for key, value in pool.labels.items()},
        **{f"{_TEMPLATE}/taint/{taint.key}": f"{taint.value}:{taint.effect}" for taint in pool.taints},
        f"{_TEMPLATE}/resources/ephemeral-storage": f"{pool.disk_gib}Gi",
        **{f"{_TEMPLATE}/resources/{key}": str(count) for key, count in counts.items()},
    }
