"""Node objects exactly as a stack's pools would make them, out of the plan that makes the pools."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

from aigc.catalog.machines import Machine, machines
from aigc.plan.expected import devices_of
from aigc.plan.room import room_of_node
from aigc.plan.stack_plan import PoolPlan, StackPlan

KWOK_ANNOTATION = {"kwok.x-k8s.io/node": "fake"}
"""By it KWOK knows its nodes; it is read by nobody else, so that labels and taints are the pool's alone."""
_MOST_PODS = 110
"""Kubernetes' own, where the catalog knows no other."""
_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}


def node(plan: StackPlan, pool: PoolPlan, index: int) -> dict[str, Any]:
    """The node number `index` (from 0) of a pool; zones take turns.

    Raises:
        ValueError: nobody knows what its pods may request; a guess would prove nothing.
    """
    machine = machines(plan.cloud).get(pool.machine_type) if pool.made else None
    name = f"{pool.name}-{index}"
    zones = pool.zones or plan.cluster.zones
    zone = next(islice(cycle(zones), index, None)) if zones else None
    size = _size(plan, pool, machine)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": dict(KWOK_ANNOTATION),
            "labels": {**_well_known(plan, pool, machine, name, zone), **pool.cloud_labels, **pool.labels},
        },
        "spec": {"taints": [taint.model_dump() for taint in pool.taints]},
        "status": {"allocatable": size, "capacity": size},
    }


def _well_known(
    plan: StackPlan, pool: PoolPlan, machine: Machine | None, name: str, zone: str | None
) -> dict[str, str]:
    """What every kubelet or its cloud writes (kubernetes.io, 'Well-known labels')."""
    architecture = (machine.architecture if machine else None) or "x86_64"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": _ARCHITECTURES.get(architecture, architecture),
    }
    if machine:
        labels["node.kubernetes.io/instance-type"] = pool.machine_type
    if plan.region:
        labels["topology.kubernetes.io/region"] = plan.region
    if zone:
        # Azure's zones are numbers; on a node they stand with the region.
        labels["topology.kubernetes.io/zone"] = f"{plan.region}-{zone}" if zone.isdigit() else zone
    return labels


def _size(plan: StackPlan, pool: PoolPlan, machine: Machine | None) -> dict[str, str]:
    """What pods may request, once the device plugin has said what the node has."""
    millicores, memory_mib = room_of_node(plan, pool)
    if millicores is None or memory_mib is None:
        raise ValueError(f"pool {pool.name}: nobody knows how much of {pool.machine_type} pods may request")
    size = {
        "cpu": f"{millicores}m",
        "memory": f"{memory_mib}Mi",
        "ephemeral-storage": f"{pool.disk_gib}Gi",
        "pods": str((machine.max_pods if machine else None) or _MOST_PODS),
    }
    if pool.resource_key and devices_of(pool):
        size[pool.resource_key] = str(devices_of(pool))
    return size
