"""Nodes of a cluster that somebody has: what a stack file says of them, in the shapes that placement goes by.

Nothing is looked up and nothing is made. A pool of them is a machine whose sizes are what pods may request, because
its owner can read that off a node and nobody here knows what a kubelet of theirs keeps.
"""

from __future__ import annotations

from aigc.catalog import labels
from aigc.catalog.accelerators import accelerators
from aigc.catalog.kinds import CapacityType, Cloud
from aigc.catalog.machines import Machine, resource_key_of
from aigc.config.nodes_spec import NodesSpec
from aigc.config.spec import PoolSpec
from aigc.plan.parts import Taint
from aigc.plan.stack_plan import PoolPlan

_UNNAMED = "nodes that are there"
_ARCHITECTURE_LABEL = "kubernetes.io/arch"
"""On every node, by its kubelet."""
_X86 = "x86_64"


def machine_of_nodes(pool: PoolSpec) -> Machine | None:
    """What one node of the pool has; None where the pool describes none."""
    nodes = pool.nodes
    if nodes is None:
        return None
    known = accelerators().get(nodes.accelerator or "")
    arch = nodes.node_selector.get(_ARCHITECTURE_LABEL, "amd64")
    return Machine(
        cloud=Cloud.EXISTING.value,
        machine_type=pool.machine_type or _UNNAMED,
        vcpus=nodes.vcpus,
        memory_gib=nodes.memory_gib,
        architecture=_X86 if arch == "amd64" else arch,
        accelerator=known.accelerator if known else nodes.accelerator,
        accelerator_id=nodes.accelerator,
        accelerator_count=(nodes.accelerators_per_node or 1) if nodes.accelerator else 0,
        k8s_resource=resource_key(nodes),
        status="there already",
        source=(),
    )


def resource_key(nodes: NodesSpec) -> str | None:
    """What a pod requests of them: as written, else as the clouds' device plugins call the same accelerator."""
    return nodes.resource_key or (resource_key_of(nodes.accelerator) if nodes.accelerator else None)


def labels_of_nodes(name: str, nodes: NodesSpec) -> dict[str, str]:
    """Labels that the nodes have; ours, which their owner puts on them, where nothing else is named."""
    return dict(nodes.node_selector) or {labels.POOL_LABEL: name}


def existing_pool(name: str, pool: PoolSpec, nodes: NodesSpec, machine: Machine) -> PoolPlan:
    """The pool in the plan; of what only a cloud's pool has, it has nothing."""
    carried = int(machine.accelerator_count or 0)
    return PoolPlan(
        name=name,
        machine_type=machine.machine_type,
        accelerator=machine.accelerator_id,
        accelerator_label=None,
        accelerators_per_node=carried,
        resource_key=machine.resource_key,
        min_nodes=pool.min_nodes,
        max_nodes=pool.max_nodes,
        capacity=CapacityType.ON_DEMAND,
        zones=(),
        disk_gib=pool.disk_gib,
        labels=labels_of_nodes(name, nodes),
        taints=tuple(Taint(key=one.key, value=one.value, effect=one.effect.value) for one in nodes.taints),
        vcpus=machine.vcpus,
        memory_gib=machine.memory_gib,
        devices_per_node=carried,
        made=False,
        device_plugin=nodes.install_device_plugin,
    )


def selector_of(pool: PoolPlan) -> dict[str, str]:
    """By what pods choose the nodes of a pool, whoever made them: our own label, else those that they have."""
    ours = {labels.POOL_LABEL: pool.name}
    return ours if pool.made or pool.labels.get(labels.POOL_LABEL) == pool.name else dict(pool.labels)
