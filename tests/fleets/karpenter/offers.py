"""The machines that Karpenter may choose from, out of our catalog, in the form that its KWOK provider reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import Machine, machines
from aigc.plan.capacity import allocatable_memory_mib
from aigc.plan.devices import accelerators_per_node
from aigc.plan.stack_plan import StackPlan

PROVIDER_KEEPS_MIB = 10
"""Of every machine, beside 100 millicores (kwok/cloudprovider/helpers.go of Karpenter 1.14): it knows no other rule."""
_MOST_PODS = 110
"""Kubernetes' own, where the catalog knows no other."""
_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
_OF_THE_CARD = "<"
"""In a resource's name: what only a programmed card knows."""


def offers(plan: StackPlan) -> list[dict[str, Any]]:
    """Every machine type that the catalog knows size and price of, in the zones of the stack, on demand and spot.

    More than the pools want, so that it is Karpenter that keeps to what they want.

    Raises:
        ValueError: a pool of Karpenter's wants a machine that would not be offered.
    """
    pools = [pool for pool in plan.pools if pool.karpenter]
    disk_gib = min(pool.disk_gib for pool in pools)
    found = [_offer(machine, plan.cluster.zones, disk_gib) for machine in _known()]
    if missing := {pool.machine_type for pool in pools} - {one["name"] for one in found}:
        raise ValueError(f"nobody knows size and price of {', '.join(sorted(missing))}: a guess would prove nothing")
    return found


def _known() -> Iterator[Machine]:
    for machine in machines(Cloud.AWS).values():
        known = machine.size_is_known and machine.usd_per_hour_on_demand is not None
        countable = _OF_THE_CARD not in (machine.resource_key or "")
        if known and countable and machine.is_one_machine and not machine.retired:
            yield machine


def _offer(machine: Machine, zones: tuple[str, ...], disk_gib: int) -> dict[str, Any]:
    prices = {"on-demand": machine.usd_per_hour_on_demand, "spot": _spot_usd_per_hour(machine)}
    return {
        "name": machine.machine_type,
        "architecture": _ARCHITECTURES[machine.architecture],
        "operatingSystems": ["linux"],
        "resources": _resources(machine, disk_gib),
        "offerings": [
            {
                "Price": usd_per_hour,
                "Available": True,
                "Requirements": [
                    _one_of("karpenter.sh/capacity-type", capacity),
                    _one_of("topology.kubernetes.io/zone", zone),
                ],
            }
            for capacity, usd_per_hour in prices.items()
            for zone in zones
        ],
    }


def _spot_usd_per_hour(machine: Machine) -> float | None:
    """Where nobody knows it, the price on demand, which bounds it: no plan says less either (`plan/cost.py`)."""
    return machine.usd_per_hour_on_demand if machine.usd_per_hour_spot is None else machine.usd_per_hour_spot


def _one_of(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": [value]}


def _resources(machine: Machine, disk_gib: int) -> dict[str, str]:
    """Processors as they are sold, for a NodePool's limit counts them; memory so that what is left is the plan's."""
    resources = {
        "cpu": str(machine.vcpus),
        "memory": f"{allocatable_memory_mib(machine) + PROVIDER_KEEPS_MIB}Mi",
        "ephemeral-storage": f"{disk_gib}Gi",
        "pods": str(machine.max_pods or _MOST_PODS),
    }
    if machine.resource_key:
        resources[machine.resource_key] = str(accelerators_per_node(machine))
    return resources
