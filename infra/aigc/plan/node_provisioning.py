"""Who makes the nodes of a pool: a group that is resized, Karpenter (ours on EKS, AKS' own on AKS), or EKS itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aigc.catalog import labels, limits
from aigc.catalog.kinds import CapacityType, Cloud, NodeImage, NodeProvisioning
from aigc.catalog.machines import Machine
from aigc.catalog.versions import versions
from aigc.config.problems import Problem, one_of
from aigc.config.spec import PoolSpec, StackSpec
from aigc.plan.auto_mode import spare_nodes, with_auto_mode
from aigc.plan.capacity import capacity_of, machine_of
from aigc.plan.devices import surge_nodes
from aigc.plan.node_images import node_image

Where = tuple[str, str]
_CHOICES: Mapping[Cloud, tuple[NodeProvisioning, ...]] = {
    Cloud.AWS: (NodeProvisioning.CLUSTER_AUTOSCALER, NodeProvisioning.KARPENTER, NodeProvisioning.AUTO_MODE),
    Cloud.AZURE: (NodeProvisioning.CLUSTER_AUTOSCALER, NodeProvisioning.AUTO),
}
"""What each cloud leaves to choose; GKE resizes its pools by itself."""
_KARPENTER = frozenset({(Cloud.AWS, NodeProvisioning.KARPENTER), (Cloud.AZURE, NodeProvisioning.AUTO)})


def with_karpenter(spec: StackSpec) -> bool:
    """Whether a stack has it at all, whoever runs it."""
    return (spec.cloud, spec.node_provisioning) in _KARPENTER


def by_karpenter(spec: StackSpec, pool: PoolSpec) -> bool:
    """Whether it makes the nodes of this pool: it keeps none that nothing needs, so pools that keep some are groups."""
    return with_karpenter(spec) and pool.min_nodes == 0


def image_of(spec: StackSpec, pool: PoolSpec, machine: Machine) -> str | None:
    """What the maker of the pool's nodes calls their system image; on EKS Karpenter wants family and release, never the
    newest there is."""
    if spec.cloud is Cloud.AWS and by_karpenter(spec, pool):
        return f"{NodeImage.AL2023}@{versions().node_images[NodeImage.AL2023]}"
    return node_image(spec.cloud, machine, pool.node_image)


def made_by(spec: StackSpec, pool: PoolSpec, machine: Machine) -> dict[str, Any]:
    """What of a pool's plan follows from who makes its nodes: image, maker, and how many come while others go."""
    capacity = capacity_of(spec, pool)
    if with_auto_mode(spec):
        return {"surge_nodes": spare_nodes(spec, pool, capacity)}
    return {
        "node_image": image_of(spec, pool, machine),
        "karpenter": by_karpenter(spec, pool),
        "surge_nodes": surge_nodes(spec.cloud, machine, capacity),
    }


def who_makes_nodes(spec: StackSpec) -> tuple[str, str]:
    """The component and its namespace, where one of ours does."""
    name = labels.KARPENTER if with_karpenter(spec) else labels.NODE_AUTOSCALER
    return name, name


def choice_problems(spec: StackSpec) -> Iterator[Problem]:
    """A choice that the cloud does not leave."""
    if spec.node_provisioning is None:
        return
    choices = _CHOICES.get(spec.cloud)
    if choices is None:
        yield Problem(("node_provisioning",), f"means nothing on cloud {spec.cloud}", "remove it")
        return
    if spec.node_provisioning not in choices:
        problem = f"{spec.node_provisioning} is not built for cloud {spec.cloud}"
        yield Problem(("node_provisioning",), problem, f"choose {one_of(choices)}")


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
    if by_karpenter(spec, pool):
        yield from {Cloud.AWS: _on_eks, Cloud.AZURE: _on_aks}[spec.cloud](spec, path, pool)


def _on_eks(spec: StackSpec, path: Where, pool: PoolSpec) -> Iterator[Problem]:
    if capacity_of(spec, pool) is CapacityType.RESERVED:
        yield Problem(
            (*path, "capacity"),
            "Karpenter is not told of reservations here",
            "use node_provisioning: cluster_autoscaler",
        )
    for key, asked in (("efa", pool.efa), ("node_image", pool.node_image is NodeImage.BOTTLEROCKET)):
        if asked:
            yield Problem((*path, key), "is not built for nodes of Karpenter", "remove it, or use cluster_autoscaler")


def _on_aks(spec: StackSpec, path: Where, pool: PoolSpec) -> Iterator[Problem]:
    machine = machine_of(spec, pool)
    if machine is not None and machine.no_karpenter:
        yield Problem(
            (*path, "machine_type"),
            f"no node of {machine.machine_type} would come: {machine.no_karpenter}",
            "choose another machine, keep its nodes (min_nodes as many as max_nodes), or use cluster_autoscaler",
        )
    if pool.disk_gib > limits.AKS_KARPENTER_MOST_DISK_GIB:
        yield Problem(
            (*path, "disk_gib"),
            f"{pool.disk_gib} is more than AKS' Karpenter gives a node",
            f"write {limits.AKS_KARPENTER_MOST_DISK_GIB} or less",
        )
    if path[-1] == labels.AKS_OWN_NODE_CLASS:
        yield Problem(path, "is what AKS calls a node class of its own", "give the pool another name")
