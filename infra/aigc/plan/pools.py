"""One pool of a stack file -> the nodes that it makes: size, labels, taints, devices."""

from __future__ import annotations

from aigc.catalog import labels
from aigc.catalog.kinds import CapacityType, Cloud
from aigc.catalog.machines import Machine
from aigc.config.spec import PoolSpec, StackSpec
from aigc.plan.azure import spot_label, spot_taint
from aigc.plan.capacity import capacity_of, machine_of
from aigc.plan.compute_classes import class_labels, class_taints
from aigc.plan.devices import accelerators_per_node, cloud_labels, devices_per_node
from aigc.plan.existing_nodes import existing_pool
from aigc.plan.node_provisioning import made_by
from aigc.plan.slices import hosts_of, topology_of
from aigc.plan.stack_plan import PoolPlan, SharingPlan, Taint


def pool_plan(spec: StackSpec, name: str, pool: PoolSpec) -> PoolPlan:
    """What a pool is, of a stack file without a fault."""
    machine = machine_of(spec, pool)
    assert machine is not None  # noqa: S101 - checked_models refused every other pool
    if pool.nodes is not None:
        return existing_pool(name, pool, pool.nodes, machine)
    capacity = capacity_of(spec, pool)
    key = machine.resource_key
    return PoolPlan(
        name=name,
        machine_type=machine.machine_type,
        accelerator=machine.accelerator_id,
        accelerator_label=machine.accelerator_label,
        accelerators_per_node=accelerators_per_node(machine),
        resource_key=key,
        min_nodes=pool.min_nodes,
        max_nodes=pool.max_nodes,
        capacity=capacity,
        zones=pool.zones or spec.zones,
        disk_gib=pool.disk_gib,
        labels=_node_labels(spec, name, capacity, machine),
        taints=_taints(spec, name, capacity, machine),
        vcpus=machine.vcpus,
        memory_gib=machine.memory_gib,
        reservation=pool.reservation,
        capacity_block=pool.capacity_block,
        reservation_until=pool.reservation_until,
        efa_interfaces=machine.efa_interfaces if pool.efa else 0,
        topology=topology_of(pool, machine),
        hosts_per_slice=hosts_of(pool, machine),
        workload_policy=machine.workload_policy and hosts_of(pool, machine) > 1,
        partition=pool.partition,
        sharing=SharingPlan(**dict(pool.sharing)) if pool.sharing else None,
        devices_per_node=devices_per_node(machine, pool),
        boot_disk_type=machine.boot_disk_type,
        cloud_labels=cloud_labels(spec.cloud, machine, pool, capacity),
        **made_by(spec, pool, machine),
    )


def _taints(spec: StackSpec, pool: str, capacity: CapacityType, machine: Machine) -> tuple[Taint, ...]:
    """What keeps pods off that do not use the accelerator, whether or not anybody advertises it."""
    key = (machine.resource_key or labels.UNADVERTISED) if machine.accelerator_id else None
    accelerated = (Taint(key=key, value=labels.PRESENT, effect="NoSchedule"),) if key else ()
    return (*accelerated, *class_taints(spec, pool), *spot_taint(spec.cloud, capacity))


def _node_labels(spec: StackSpec, pool: str, capacity: CapacityType, machine: Machine) -> dict[str, str]:
    ours = {
        labels.POOL_LABEL: pool,
        labels.CAPACITY_LABEL: capacity.value,
        **class_labels(spec, pool),
        **spot_label(spec.cloud, capacity),
    }
    if spec.cloud is Cloud.AWS and machine.accelerator_id and machine.resource_key == labels.NVIDIA_RESOURCE:
        ours[labels.AWS_ACCELERATOR_LABEL] = machine.accelerator_id
    if machine.accelerator_id and not machine.resource_key:
        ours[labels.UNADVERTISED] = machine.accelerator_id
    return ours
