"""Where each endpoint's pods land, and whether a replica fits there: requests beside what a node can give."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from aigc.plan.expected import devices_of
from aigc.plan.room import requests_of_pod, room_of_node
from aigc.plan.stack_plan import EndpointPlan, PoolPlan, StackPlan


@dataclass(frozen=True)
class Placement:
    """One endpoint on its pool; None is unknown: on a cluster that is somebody's already nodes are not ours to know."""

    endpoint: str
    mode: str
    min_replicas: int
    max_replicas: int
    pool: str | None
    machine_type: str | None
    nodes: str | None
    accelerator: str | None
    cpu_millicores: int
    """Of a pod: Triton's and its sidecars'."""
    allocatable_cpu_millicores: int | None
    memory_mib: int
    allocatable_memory_mib: int | None
    accelerators: int
    allocatable_accelerators: int | None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)

    def cells(self) -> tuple[str, ...]:
        """For a table with the columns of `COLUMNS`."""
        return (
            self.endpoint,
            f"{self.min_replicas}..{self.max_replicas}",
            self.pool or "-",
            f"{self.machine_type} ({self.nodes} nodes)" if self.machine_type else "-",
            self.accelerator or "cpu",
            _of(self.cpu_millicores, self.allocatable_cpu_millicores),
            _of(self.memory_mib, self.allocatable_memory_mib),
            _of(self.accelerators, self.allocatable_accelerators),
        )


COLUMNS = ("endpoint", "replicas", "pool", "machine type", "accelerator", "CPU (millicores)", "memory (MiB)", "devices")


def placements(plan: StackPlan) -> tuple[Placement, ...]:
    """A row for each pool that an endpoint's pods may land on, in the order of the plan and of its preference."""
    pools = {pool.name: pool for pool in plan.pools}
    return tuple(
        _placement(plan, endpoint, pools.get(name)) for endpoint in plan.endpoints for name in endpoint.pools or ("",)
    )


def _placement(plan: StackPlan, endpoint: EndpointPlan, pool: PoolPlan | None) -> Placement:
    cpu_millicores, memory_mib = requests_of_pod(endpoint)
    node_cpu_millicores, node_memory_mib = room_of_node(plan, pool) if pool else (None, None)
    return Placement(
        endpoint=endpoint.name,
        mode=endpoint.mode.value,
        min_replicas=endpoint.scaling.min_replicas,
        max_replicas=endpoint.scaling.max_replicas,
        pool=pool.name if pool else None,
        machine_type=pool.machine_type if pool else None,
        nodes=f"{pool.min_nodes}..{pool.max_nodes}" if pool else None,
        accelerator=pool.accelerator if pool else None,
        cpu_millicores=cpu_millicores,
        allocatable_cpu_millicores=node_cpu_millicores,
        memory_mib=memory_mib,
        allocatable_memory_mib=node_memory_mib,
        accelerators=endpoint.resources.accelerators,
        allocatable_accelerators=devices_of(pool) if pool else None,
    )


def _of(requested: int, allocatable: int | None) -> str:
    return f"{requested:,} of {'?' if allocatable is None else f'{allocatable:,}'}"
