"""From a pool of the plan to the arguments of an EKS managed node group; pure, so that a table can test it."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_aws.ec2 import (
    LaunchTemplateBlockDeviceMappingArgs,
    LaunchTemplateBlockDeviceMappingEbsArgs,
    LaunchTemplateMetadataOptionsArgs,
    LaunchTemplateTagSpecificationArgs,
)
from pulumi_aws.eks import NodeGroupScalingConfigArgs, NodeGroupTaintArgs

from aigc.plan.stack_plan import CapacityType, PoolPlan

_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
_CAPACITY = {CapacityType.ON_DEMAND: "ON_DEMAND", CapacityType.SPOT: "SPOT", CapacityType.RESERVED: "ON_DEMAND"}
_ROOT_DEVICE = "/dev/xvda"
"""Of Amazon Linux 2023."""
_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"
IGNORED = ["scalingConfig.desiredSize"]
"""The autoscaler's: applying the number of the first day would undo its work."""


def capacity_type(pool: PoolPlan) -> str:
    """EKS' word for how nodes are paid for."""
    return _CAPACITY[pool.capacity]


def scaling(pool: PoolPlan) -> NodeGroupScalingConfigArgs:
    """Bounds over all zones; it starts with the fewest, the autoscaler adds what pods wait for."""
    return NodeGroupScalingConfigArgs(min_size=pool.min_nodes, max_size=pool.max_nodes, desired_size=pool.min_nodes)


def taints(pool: PoolPlan) -> list[NodeGroupTaintArgs]:
    """The pool's taints as EKS spells their effects."""
    return [
        NodeGroupTaintArgs(key=taint.key, value=taint.value, effect=_EFFECTS[taint.effect]) for taint in pool.taints
    ]


def disks(pool: PoolPlan) -> list[LaunchTemplateBlockDeviceMappingArgs]:
    """The boot disk, which also holds images and what pods write; encrypted with the account's own key."""
    disk = LaunchTemplateBlockDeviceMappingEbsArgs(
        volume_type="gp3", volume_size=pool.disk_gib, encrypted="true", delete_on_termination="true"
    )
    return [LaunchTemplateBlockDeviceMappingArgs(device_name=_ROOT_DEVICE, ebs=disk)]


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

    It knows processors, memory and GPUs by the machine type; labels, taints and the disk only by these tags of the
    scaling group (kubernetes/autoscaler, cloudprovider/aws/README.md).
    """
    return {
        **{f"{_TEMPLATE}/label/{key}": value for key, value in pool.labels.items()},
        **{f"{_TEMPLATE}/taint/{taint.key}": f"{taint.value}:{taint.effect}" for taint in pool.taints},
        f"{_TEMPLATE}/resources/ephemeral-storage": f"{pool.disk_gib}Gi",
    }
