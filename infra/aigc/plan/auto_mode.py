"""EKS Auto Mode as a plan sees it: EKS makes the nodes of every pool, and what runs on them is none of the stack's."""

from __future__ import annotations

from aigc.catalog.kinds import CapacityType, Cloud, NodeImage, NodeProvisioning
from aigc.catalog.limits import AUTO_MODE_PODS_A_NODE
from aigc.catalog.machines import Machine
from aigc.config.spec import PoolSpec, StackSpec


def with_auto_mode(spec: StackSpec) -> bool:
    """Whether a stack has it."""
    return spec.cloud is Cloud.AWS and spec.node_provisioning is NodeProvisioning.AUTO_MODE


def on_auto_mode(machine: Machine) -> Machine:
    """The machine as a node there: small ones get more pods than elsewhere, and EKS keeps memory for each.

    Addresses come by prefixes (EKS user guide, create-node-class), so a node's most pods are no longer those of its
    network interfaces. How much memory is kept nobody publishes: the larger number never promises too much.
    """
    return machine.model_copy(update={"max_pods": max(machine.max_pods or 0, AUTO_MODE_PODS_A_NODE)})


def spare_nodes(spec: StackSpec, pool: PoolSpec, capacity: CapacityType) -> int:
    """Nodes beyond a fixed number while EKS replaces some: one in each zone, where there is room for it.

    A pool that grows from none replaces within its bound; a reservation has none beyond its machines.
    """
    return 0 if capacity is CapacityType.RESERVED else min(pool.min_nodes, len(pool.zones or spec.zones))


def auto_mode_gap(machine: Machine) -> str | None:
    """Why a node of it would be of no use; None where nothing speaks against it.

    It brings drivers and plugins of NVIDIA and Neuron, and no others (EKS user guide, auto-accelerated).
    """
    carried = machine.accelerator or "no accelerator"
    if machine.accelerator_id and not machine.resource_key:
        return f"{machine.machine_type} carries {carried}, for which Auto Mode's image has no driver"
    if reason := machine.no_image.get(NodeImage.BOTTLEROCKET):
        return f"{machine.machine_type} carries {carried}, and Auto Mode's nodes are Bottlerocket: {reason}"
    return None
