"""The part of a plan that says which nodes there are."""

from __future__ import annotations

from pydantic import Field

from aigc.catalog.kinds import CapacityType, GpuSharing
from aigc.plan.frozen import Frozen
from aigc.plan.parts import Taint


class SharingPlan(Frozen):
    """Several pods on one GPU, or on one partition of it."""

    strategy: GpuSharing
    max_clients: int


class PoolPlan(Frozen):
    """A node pool: machines of one type."""

    name: str
    machine_type: str
    accelerator: str | None
    """Catalog id of the accelerator, for instance `nvidia-l4`; None on a CPU pool."""
    accelerator_label: str | None
    """What the cloud itself calls it, for instance `nvidia-l4` on GKE."""
    accelerators_per_node: int
    resource_key: str | None
    """Extended resource a pod requests, for instance `nvidia.com/gpu`."""
    min_nodes: int
    max_nodes: int
    capacity: CapacityType
    zones: tuple[str, ...]
    disk_gib: int
    labels: dict[str, str]
    taints: tuple[Taint, ...]
    vcpus: float | None
    """None: not known."""
    memory_gib: float | None
    node_image: str | None = None
    """What the cloud calls the system image of its nodes, for instance an AMI type of EKS; None: it chooses itself."""
    reservation: str | None = None
    """Name or id of the reservation that its nodes use; with capacity: reserved only."""
    capacity_block: bool = False
    reservation_until: str | None = None
    efa_interfaces: int = 0
    karpenter: bool = False
    """Whether Karpenter makes its nodes."""
    topology: str | None = None
    """Shape of the TPU slice that its machines form, for instance `2x4`; None where there are no TPUs."""
    hosts_per_slice: int = 1
    """Machines that come and go together: all of a slice, or none."""
    workload_policy: bool = False
    """Whether such a slice is placed by a workload policy of the region, and not by the node pool's own words."""
    partition: str | None = None
    """Size of the Multi-Instance GPU partitions that each GPU is cut into."""
    sharing: SharingPlan | None = None
    devices_per_node: int = 0
    """How many of the extended resource a node has: GPUs or chips, times partitions, times clients."""
    boot_disk_type: str | None = None
    """Where its machines boot from one kind of disk only."""
    cloud_labels: dict[str, str] = Field(default={})
    """Labels that the cloud puts on its nodes by itself."""
    made: bool = True
    """False: its nodes are there already, and somebody else's."""
    device_plugin: bool = True
    """Whether the stack may put a device plugin on its nodes; False: their owner has one."""
    surge_nodes: int = 0
    """Nodes beyond `max_nodes` while nodes are upgraded, so that none is missed; 0: one is missed at a time."""
