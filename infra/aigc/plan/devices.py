"""What the kubelet of a node advertises, and what GKE writes on it, when GPUs are cut or shared.

Parts of a GPU are advertised as GPUs, on GKE by itself, on AKS by our device plugin (its MIG strategy `single`).
"""

from __future__ import annotations

from aigc.catalog import gke
from aigc.catalog.accelerators import Accelerator, accelerators
from aigc.catalog.kinds import CapacityType, Cloud, GpuSharing
from aigc.catalog.machines import Machine
from aigc.config.spec import PoolSpec
from aigc.plan.slices import topology_of

_STRATEGIES = {GpuSharing.TIME_SHARING: "time-sharing", GpuSharing.MPS: "mps"}
"""As GKE spells them on a node."""
_CAPACITY_LABELS = {CapacityType.SPOT: gke.GKE_SPOT_LABEL, CapacityType.FLEX_START: gke.GKE_FLEX_START_LABEL}
"""How a node's capacity is written on it."""
_CUT_BY_AKS = ("nvidia-a100-", "nvidia-h100-", "nvidia-h200-")
"""GPUs whose machines have partitions on AKS (azure-aks-docs, gpu-multi-instance.md)."""


def accelerators_per_node(machine: Machine) -> int:
    """Whole ones; a machine with a slice of a GPU still has one device."""
    return max(1, int(machine.accelerator_count or 0)) if machine.accelerator_id else 0


def aks_partitions(row: Accelerator) -> dict[str, int]:
    """The sizes that AKS cuts a GPU into, each with how many of it there are: one for each number of its slices.

    Of two with one slice it is the one with less memory (Azure/AgentBaker, mig-partition.sh: `nvidia-smi mig -cgi 19`).
    """
    if not row.accelerator_id.startswith(_CUT_BY_AKS):
        return {}
    smallest = {aks_profile(size): size for size in sorted(row.mig_partitions, key=_gigabytes, reverse=True)}
    return {size: row.mig_partitions[size] for size in smallest.values()}


def aks_profile(partition: str) -> str:
    """What AKS calls a partition: `1g.10gb` is `MIG1g`, whatever memory a slice of the GPU has."""
    return f"MIG{partition.partition('.')[0]}"


def _gigabytes(partition: str) -> int:
    return int(partition.partition(".")[2].removesuffix("gb"))


def partitions_per_gpu(machine: Machine, pool: PoolSpec) -> int:
    """What each GPU is cut into; 1 where it is not cut, or cannot be as the pool wants."""
    row = accelerators().get(machine.accelerator_id or "")
    return row.mig_partitions.get(pool.partition, 1) if row and pool.partition else 1


def devices_per_node(machine: Machine, pool: PoolSpec) -> int:
    """How many of the extended resource a node has: GPUs, times the partitions of each, times who may share one."""
    clients = pool.sharing.max_clients if pool.sharing else 1
    return accelerators_per_node(machine) * partitions_per_gpu(machine, pool) * clients


def devices_per_replica(machine: Machine) -> int:
    """A pod gets one GPU, or one part of one; of TPUs all of its node's, for GKE gives no fewer."""
    return accelerators_per_node(machine) if machine.is_tpu else min(1, accelerators_per_node(machine))


def cloud_labels(cloud: Cloud, machine: Machine, pool: PoolSpec, capacity: CapacityType) -> dict[str, str]:
    """Labels that the cloud puts on the pool's nodes by itself, as far as anything here goes by them."""
    if cloud is not Cloud.GCP:
        return {}
    own = {_CAPACITY_LABELS[capacity]: "true"} if capacity in _CAPACITY_LABELS else {}
    if machine.is_tpu:
        return {**own, **tpu_selector(machine, pool)}
    if machine.accelerator_label:
        own[gke.GKE_ACCELERATOR_LABEL] = machine.accelerator_label
    if pool.partition:
        own[gke.GKE_PARTITION_LABEL] = pool.partition
    if pool.sharing:
        own[gke.GKE_SHARING_LABEL] = _STRATEGIES[pool.sharing.strategy]
        own[gke.GKE_CLIENTS_LABEL] = str(pool.sharing.max_clients)
    return own


def tpu_selector(machine: Machine, pool: PoolSpec) -> dict[str, str]:
    """The two labels that GKE wants in the selector of a pod with TPUs; empty where there are none."""
    topology = topology_of(pool, machine)
    if topology is None or machine.accelerator_label is None:
        return {}
    return {gke.GKE_TPU_LABEL: machine.accelerator_label, gke.GKE_TPU_TOPOLOGY_LABEL: topology}


def surge_nodes(cloud: Cloud, machine: Machine, capacity: CapacityType) -> int:
    """Nodes that may come before others go while GKE upgrades a pool.

    One where the pool's nodes are wanted and can be had at once: on demand, with or without a GPU. Spot is upgraded
    one missing at a time, a reservation has no room for one more, and of a slice of TPUs one more is no use.
    """
    wanted = cloud is Cloud.GCP and capacity is CapacityType.ON_DEMAND and not machine.is_tpu
    return 1 if wanted else 0
