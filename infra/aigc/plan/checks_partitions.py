"""Checks of GPUs that are cut into partitions (MIG), where a cloud makes nodes so: on GKE and AKS."""

from __future__ import annotations

from collections.abc import Iterator

from aigc.catalog.accelerators import Accelerator, accelerators
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import Machine
from aigc.config.problems import Problem, did_you_mean, one_of, printable
from aigc.config.spec import PoolSpec, StackSpec
from aigc.plan.capacity import machine_of
from aigc.plan.devices import aks_partitions
from aigc.plan.node_provisioning import by_karpenter

_SIZES = {Cloud.GCP: lambda row: row.mig_partitions, Cloud.AZURE: aks_partitions}
"""Size -> how many of it a GPU is cut into, of those that a cloud takes."""


def partition_problems(spec: StackSpec, path: tuple[str, str], pool: PoolSpec) -> Iterator[Problem]:
    """A pool whose GPUs are to be cut, and cannot be."""
    if pool.partition is None:
        return
    where = (*path, "partition")
    if spec.cloud not in _SIZES:
        yield Problem(where, f"means nothing on cloud {spec.cloud}", "remove it")
        return
    if (machine := machine_of(spec, pool)) is not None:
        yield from _of_machine(spec.cloud, where, pool.partition, machine)
    if by_karpenter(spec, pool):
        yield Problem(
            where,
            "Karpenter makes nodes with whole GPUs",
            "keep its nodes (min_nodes as many as max_nodes), or use cluster_autoscaler",
        )


def _of_machine(cloud: Cloud, where: tuple[str, str, str], asked: str, machine: Machine) -> Iterator[Problem]:
    row = accelerators().get(machine.accelerator_id or "")
    sizes = _SIZES[cloud](row) if row and (machine.accelerator_count or 0) >= 1 else {}
    if row is None or not sizes:
        problem = f"{machine.machine_type} ({machine.accelerator or 'no accelerator'}) cannot be cut into partitions"
        able = one_of(name for name, one in accelerators().items() if _SIZES[cloud](one))
        yield Problem(where, problem, f"remove it, or choose a machine with {able}")
    elif asked not in sizes:
        problem = f"{printable(asked)} is no size of partition of {row.accelerator}{_on(cloud, row, asked)}"
        yield Problem(where, problem, did_you_mean(asked, sizes, "sizes"))


def _on(cloud: Cloud, row: Accelerator, asked: str) -> str:
    """Which cloud it is that does not cut a GPU so, where another does."""
    return f" on {cloud}" if asked in row.mig_partitions else ""
