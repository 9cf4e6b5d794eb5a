"""Who makes the nodes of a pool on AWS: a scaling group that is resized, Karpenter, or EKS itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aigc.catalog import labels
from aigc.catalog.kinds import CapacityType, Cloud, NodeImage, NodeProvisioning
from aigc.catalog.machines import Machine
from aigc.catalog.versions import versions
from aigc.config.problems import Problem
from aigc.config.spec import PoolSpec, StackSpec
from aigc.plan.auto_mode import spare_nodes, with_auto_mode
from aigc.plan.capacity import capacity_of
from aigc.plan.devices import surge_nodes
from aigc.plan.node_images import node_image

Where = tuple[str, str]


def with_karpenter(spec: StackSpec) -> bool:
    """Whether a stack has it at all."""
    return spec.cloud is Cloud.AWS and spec.node_provisioning is NodeProvisioning.KARPENTER


def by_karpenter(spec: StackSpec, pool: PoolSpec) -> bool:
    """Whether it makes the nodes of this pool: it keeps none that nothing needs, so pools that keep some are groups."""
    return with_karpenter(spec) and pool.min_nodes == 0


def karpenter_image() -> str:
    """What its node classes call an image: the family and the release, never the newest there is."""
    return f"{NodeImage.AL2023}@{versions().node_images[NodeImage.AL2023]}"


def made_by(spec: StackSpec, pool: PoolSpec, machine: Machine) -> dict[str, Any]:
    """What of a pool's plan follows from who makes its nodes: image, maker, and how many come while others go."""
    capacity = capacity_of(spec, pool)
    if with_auto_mode(spec):
        return {"surge_nodes": spare_nodes(spec, pool, capacity)}
    karpenter = by_karpenter(spec, pool)
    return {
        "node_image": karpenter_image() if karpenter else node_image(spec.cloud, machine, pool.node_image),
        "karpenter": karpenter,
        "surge_nodes": surge_nodes(spec.cloud, machine, capacity),
    }


def who_makes_nodes(spec: StackSpec) -> tuple[str, str]:
    """The component and its namespace."""
    name = labels.KARPENTER if with_karpenter(spec) else labels.NODE_AUTOSCALER
    return name, name


def karpenter_problems(spec: StackSpec, path: Where, pool: PoolSpec) -> Iterator[Problem]:
    """What nobody would make nodes for."""
    if not with_karpenter(spec):
        return
    if 0 < pool.min_nodes < pool.max_nodes:
        yield Problem(
            (*path, "max_nodes"),
            f"is {pool.max_nodes}, min_nodes {pool.min_nodes}: beside Karpenter nothing resizes a group",
            "make the two the same, or min_nodes 0",
        )
    if not by_karpenter(spec, pool):
        return
    if capacity_of(spec, pool) is CapacityType.RESERVED:
        yield Problem(
            (*path, "capacity"),
            "Karpenter is not told of reservations here",
            "use node_provisioning: cluster_autoscaler",
        )
    for key, asked in (("efa", pool.efa), ("node_image", pool.node_image is NodeImage.BOTTLEROCKET)):
        if asked:
            yield Problem((*path, key), "is not built for nodes of Karpenter", "remove it, or use cluster_autoscaler")
