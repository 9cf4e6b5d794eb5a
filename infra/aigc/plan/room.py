"""What a node of a pool can give, and what a pod of an endpoint requests of it, out of the plan alone."""

from __future__ import annotations

from aigc.catalog.machines import machines
from aigc.plan.auto_mode import on_auto_mode
from aigc.plan.capacity import SIDECARS_CPU_MILLICORES, SIDECARS_MEMORY_MIB, allocatable
from aigc.plan.stack_plan import EndpointPlan, PoolPlan, StackPlan


def room_of_node(plan: StackPlan, pool: PoolPlan) -> tuple[int | None, int | None]:
    """Millicores and MiB of a node that pods may request: of nodes that are there the plan has just that.

    None where nobody knows.
    """
    if not pool.made:
        cpu = None if pool.vcpus is None else int(pool.vcpus * 1000)
        return cpu, None if pool.memory_gib is None else int(pool.memory_gib * 1024)
    machine = machines(plan.cloud).get(pool.machine_type)
    if machine is None:
        return None, None
    node = on_auto_mode(machine) if plan.cluster.auto_mode else machine
    return allocatable(node, by_karpenter=pool.karpenter)


def requests_of_pod(endpoint: EndpointPlan) -> tuple[int, int]:
    """Millicores and MiB of a pod: Triton's, its sidecars' and those of what mounts its files in it."""
    mount = endpoint.source.mount
    return (
        endpoint.resources.cpu_millicores + SIDECARS_CPU_MILLICORES + (mount.cpu_millicores if mount else 0),
        endpoint.resources.memory_mib + SIDECARS_MEMORY_MIB + (mount.memory_mib if mount else 0),
    )
