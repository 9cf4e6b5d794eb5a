"""What fits where: which pool a model lands on and how much of a node its pods may use."""

from __future__ import annotations

from collections.abc import Sequence

from aigc.catalog.accelerators import CPU
from aigc.catalog.kinds import CapacityType, Cloud, SourceKind
from aigc.catalog.limits import AKS_PODS_A_NODE
from aigc.catalog.machines import Machine, machines
from aigc.config.spec import ModelSpec, PoolSpec, RequestedMode, StackSpec
from aigc.plan.auto_mode import on_auto_mode, with_auto_mode
from aigc.plan.devices import devices_per_node, devices_per_replica
from aigc.plan.existing_nodes import machine_of_nodes
from aigc.plan.repository import Model

TRITON_MEMORY_MIB = 256
"""tritonserver without a model stays under 100 MiB; the rest is for requests in its HTTP and gRPC queues."""
SIDECARS_MEMORY_MIB = 256
"""The in-pod Envoy and Knative's queue proxy beside Triton."""
SIDECARS_CPU_MILLICORES = 150
GCSFUSE_CPU_MILLICORES = 250
GCSFUSE_MEMORY_MIB = 256
"""What the container requests that GKE puts into a pod which mounts a bucket: its defaults, and said on the pod."""
_RESERVED_MEMORY = ((4.0, 0.25), (4.0, 0.20), (8.0, 0.10), (112.0, 0.06), (float("inf"), 0.02))
"""What GKE keeps of a node's memory: 25% of the first 4 GiB, 20% of the next 4, ... (GKE, 'Plan node sizes')."""
_EVICTION_MIB = 100
"""What the kubelet keeps free at any time, on every cloud."""
_EKS_UNSEEN_SHARE = 0.075
"""Of an EC2 machine's memory, what its hypervisor and kernel keep from the node: the share that Karpenter assumes
(karpenter-provider-aws, setting VM_MEMORY_OVERHEAD_PERCENT), since nobody publishes it a type."""
_EKS_ARM_MIB = 64
"""What the kernel of an Arm machine sets aside besides (karpenter-provider-aws, instancetype/types.go: CMA)."""
_EKS_MEMORY_MIB = 255
_EKS_MEMORY_MIB_A_POD = 11
"""What EKS keeps for its own processes (amazon-eks-ami, nodeadm/internal/kubelet/config.go: 11 x max pods + 255)."""
_EKS_MOST_PODS = 250
"""Where the catalog does not know: what EKS allows a large machine at most."""
_AKS_UNSEEN_SHARE = 0.075
"""The same on Azure (karpenter-provider-azure, setting VM_MEMORY_OVERHEAD_PERCENT)."""
_AKS_MEMORY_MIB = 50
_AKS_MEMORY_MIB_A_POD = 20
_AKS_MOST_SHARE = 0.25
"""What AKS keeps of a node from 1.29 on: 20 MB x most pods + 50 MB, at most a quarter (azure-aks-docs,
node-resource-reservations.md)."""
_AKS_RESERVED_CPU = ((1.0, 0.06), (1.0, 0.04), (2.0, 0.02), (float("inf"), 0.01))
"""The same source's table (60, 100, 140, 180, 260 ... millicores of 1, 2, 4, 8, 16 ... cores) as shares."""
_AKS_KARPENTER_EVICTION_MIB = 750
"""AKS' Karpenter makes a node only for a pod that fits by its own, older rule: the shares of `_RESERVED_MEMORY`, and so
much for evictions (karpenter-provider-azure, instancetype/instancetype.go); a node in fact gives more."""
_RESERVED_CPU = ((1.0, 0.06), (1.0, 0.01), (2.0, 0.005), (float("inf"), 0.0025))


def _kept(amount: float, steps: Sequence[tuple[float, float]]) -> float:
    kept = 0.0
    for width, share in steps:
        part = min(amount, width)
        kept += part * share
        amount -= part
    return kept


def allocatable_memory_mib(machine: Machine, *, by_karpenter: bool = False) -> int:
    """Memory of a node that pods can request, by the rule of its cloud, or of the Karpenter that makes it."""
    memory_gib = machine.memory_gib or 0.0
    if machine.cloud == Cloud.EXISTING:
        return int(memory_gib * 1024)  # its owner said what is left
    if machine.cloud == Cloud.AWS:
        pods = machine.max_pods or _EKS_MOST_PODS
        sold = memory_gib * 1024 - (_EKS_ARM_MIB if machine.architecture == "arm64" else 0)
        seen = int(sold * (1 - _EKS_UNSEEN_SHARE))
        return seen - _EKS_MEMORY_MIB - _EKS_MEMORY_MIB_A_POD * pods - _EVICTION_MIB
    if machine.cloud == Cloud.AZURE:
        seen = int(memory_gib * 1024 * (1 - _AKS_UNSEEN_SHARE))
        if by_karpenter:
            return seen - int(_kept(memory_gib, _RESERVED_MEMORY) * 1024) - _AKS_KARPENTER_EVICTION_MIB
        kept = min(_AKS_MEMORY_MIB + _AKS_MEMORY_MIB_A_POD * AKS_PODS_A_NODE, int(seen * _AKS_MOST_SHARE))
        return seen - kept - _EVICTION_MIB
    return int((memory_gib - _kept(memory_gib, _RESERVED_MEMORY)) * 1024) - _EVICTION_MIB


def allocatable_cpu_millicores(vcpus: float, cloud: Cloud | None = None) -> int:
    """Processor time of a node that pods can request; EKS (nodeadm, as above) and GKE keep the same shares."""
    if cloud is Cloud.EXISTING:
        return int(vcpus * 1000)
    shares = _AKS_RESERVED_CPU if cloud is Cloud.AZURE else _RESERVED_CPU
    return int((vcpus - _kept(vcpus, shares)) * 1000)


def allocatable(machine: Machine, *, by_karpenter: bool = False) -> tuple[int | None, int | None]:
    """Millicores and MiB of a node that pods can request; None where nobody knows the size of the machine."""
    cpu = None if machine.vcpus is None else allocatable_cpu_millicores(machine.vcpus, Cloud(machine.cloud))
    memory = None if machine.memory_gib is None else allocatable_memory_mib(machine, by_karpenter=by_karpenter)
    return cpu, memory


def memory_mib(spec: ModelSpec, models: Sequence[Model]) -> int:
    """What Triton's container requests: the stack file's word, else the cards' sum and Triton's own share."""
    return spec.resources.memory_mib or sum(model.card.memory_mib for model in models) + TRITON_MEMORY_MIB


def cpu_millicores(spec: ModelSpec, models: Sequence[Model]) -> int:
    """What Triton's container requests: the stack file's word, else the cards' sum."""
    return spec.resources.cpu_millicores or sum(model.card.cpu_millicores for model in models)


def sidecars(cloud: Cloud, model: ModelSpec) -> tuple[int, int]:
    """Millicores and MiB that a pod requests beside Triton's."""
    if cloud is Cloud.GCP and model.source.kind is SourceKind.BUCKET:
        return SIDECARS_CPU_MILLICORES + GCSFUSE_CPU_MILLICORES, SIDECARS_MEMORY_MIB + GCSFUSE_MEMORY_MIB
    return SIDECARS_CPU_MILLICORES, SIDECARS_MEMORY_MIB


def replicas_per_node(
    machine: Machine, pool: PoolSpec, model: ModelSpec, models: Sequence[Model], *, by_karpenter: bool = False
) -> int:
    """Replicas that one node holds: as many as it has devices for, and no more than its processors and memory take.

    On a machine of unknown size, or without accelerators, what is known decides; at least one: `checks_models` refuses
    a model that does not fit at all.
    """
    each = devices_per_replica(machine)
    if not each:
        return 1
    most = devices_per_node(machine, pool) // each
    cpu, memory = allocatable(machine, by_karpenter=by_karpenter)
    more_cpu, more_memory = sidecars(Cloud(machine.cloud), model)
    if cpu is not None:
        most = min(most, cpu // (cpu_millicores(model, models) + more_cpu))
    if memory is not None:
        most = min(most, memory // (memory_mib(model, models) + more_memory))
    return max(1, most)


def machine_of(spec: StackSpec, pool: PoolSpec) -> Machine | None:
    """The catalog's row of a pool's machine type, or what a cluster's owner says of a node; None: there is neither."""
    if spec.cloud is Cloud.EXISTING:
        return machine_of_nodes(pool)
    row = machines(spec.cloud).get(pool.machine_type or "")
    return on_auto_mode(row) if row and with_auto_mode(spec) else row


def accelerator_of(spec: StackSpec, pool: PoolSpec) -> str:
    """Catalog id of a pool's accelerator, or `cpu`."""
    machine = machine_of(spec, pool)
    return (machine.accelerator_id if machine else None) or CPU


def models_on_nodes(spec: StackSpec) -> dict[str, ModelSpec]:
    """The models that run on the cluster, by name; those of mode managed do not."""
    return {name: model for name, model in spec.models.items() if model.mode is not RequestedMode.MANAGED}


def pool_for(spec: StackSpec, model: ModelSpec) -> str | None:
    """The pool a model's pods land on.

    The pool it names; else the first pool, in the file's order, with the first accelerator of its list that any
    pool has; without a list the first pool with an accelerator; else the first pool. None: no pool (of ours) suits.
    """
    if model.pool is not None:
        return model.pool if model.pool in spec.pools else None
    if model.accelerators:
        wanted = (
            name
            for accelerator in model.accelerators
            for name, pool in spec.pools.items()
            if accelerator_of(spec, pool) == accelerator
        )
        return next(wanted, None)
    with_accelerator = (name for name, pool in spec.pools.items() if accelerator_of(spec, pool) != CPU)
    return next(with_accelerator, next(iter(spec.pools), None))


def capacity_of(spec: StackSpec, pool: PoolSpec) -> CapacityType:
    """How a pool's nodes are paid for; `reserved` in the stack's list is passed over: a pool names its own."""
    if pool.capacity is not None:
        return pool.capacity
    return next((one for one in spec.capacity if one is not CapacityType.RESERVED), CapacityType.ON_DEMAND)
