"""Checks of what only node pools of GKE can be: TPU slices, GPUs that are shared, flex-start, reserved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aigc.catalog import limits
from aigc.catalog.kinds import CapacityType, Cloud, GpuSharing
from aigc.catalog.labels import NVIDIA_RESOURCE
from aigc.catalog.machines import Machine
from aigc.config.problems import Path, Problem, printable
from aigc.config.spec import ModelSpec, PoolSpec, StackSpec
from aigc.plan import scaling
from aigc.plan.capacity import capacity_of, machine_of, pool_for
from aigc.plan.slices import can_form, choices, hosts_of, topology_of
from aigc.plan.stack_plan import ServingMode

_RESERVATION = re.compile(r"(projects/[a-z][a-z0-9-]*/reservations/)?[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
"""Its name, or with its project where that is another one (GKE, 'Consume reserved zonal resources')."""


def gke_pool_problems(spec: StackSpec, path: tuple[str, str], pool: PoolSpec) -> Iterator[Problem]:
    """Everything that is wrong with what only GKE's pools have; elsewhere it is wrong that it is there."""
    if spec.cloud is not Cloud.GCP:
        for key in ("topology", "sharing"):
            if getattr(pool, key) is not None:
                yield Problem((*path, key), f"means nothing on cloud {spec.cloud}", "remove it")
        if capacity_of(spec, pool) is CapacityType.FLEX_START:
            yield Problem((*path, "capacity"), f"{spec.cloud} has no flex_start", "choose on_demand or spot")
        return
    if pool.reservation is not None and not _RESERVATION.fullmatch(pool.reservation):
        problem = f"{printable(pool.reservation)} is no reservation of Google Cloud"
        yield Problem((*path, "reservation"), problem, "write its name, or projects/<project>/reservations/<name>")
    machine = machine_of(spec, pool)
    if machine is None:
        return
    yield from _slice(spec, path, pool, machine)
    yield from _sharing(path, pool, machine)
    if capacity_of(spec, pool) is CapacityType.FLEX_START:
        yield from _flex_start(path, pool, machine)


def _slice(spec: StackSpec, path: tuple[str, str], pool: PoolSpec, machine: Machine) -> Iterator[Problem]:
    if pool.topology is not None and not machine.is_tpu:
        problem = f"means nothing: {machine.machine_type} carries {machine.accelerator or 'no accelerator'}, no TPU"
        yield Problem((*path, "topology"), problem, "remove it")
    elif pool.topology is not None and not can_form(machine, pool.topology):
        problem = f"{printable(pool.topology)} is no shape that machines {machine.machine_type} form"
        yield Problem((*path, "topology"), problem, f"choose {choices(machine)}")
    hosts, zones = hosts_of(pool, machine), pool.zones or spec.zones
    if machine.is_tpu and not zones:
        problem = f"names none; few zones have {machine.accelerator}, and GKE refuses a pool in one without"
        yield Problem((*path, "zones"), problem, f"write those that have it, for instance zones: [{spec.region}-a]")
    if hosts == 1:
        return
    for key, least in (("min_nodes", 0), ("max_nodes", hosts)):
        count = getattr(pool, key)
        if count % hosts or count < least:
            problem = f"is {count}; a slice {pool.topology} is {hosts} machines {machine.machine_type}, all or none"
            yield Problem((*path, key), problem, f"write a multiple of {hosts}")
    if len(zones) > 1:
        problem = f"names {len(zones)}; the machines of one slice stand in one zone"
        yield Problem((*path, "zones"), problem, f"write one, for instance zones: [{spec.region}-a]")
    last = f"-{pool.max_nodes // hosts - 1}"
    if pool.max_nodes > hosts and len(path[1]) + len(last) > limits.GKE_POOL_NAME_CHARS:
        problem = f"is too long: each slice is a node pool of GKE, and the last would be {path[1]}{last}"
        yield Problem(path, problem, f"{limits.GKE_POOL_NAME_CHARS - len(last)} characters at most")


def _sharing(path: tuple[str, str], pool: PoolSpec, machine: Machine) -> Iterator[Problem]:
    if pool.sharing is None:
        return
    if machine.resource_key != NVIDIA_RESOURCE:
        yield Problem((*path, "sharing"), f"{_carried(machine)} cannot be shared; GPUs can", "remove it")
    elif pool.sharing.strategy is GpuSharing.MPS:
        yield Problem(
            (*path, "sharing", "strategy"),
            "a pod that shares by mps needs the IPC of its node (hostIPC), which namespaces of ours forbid",
            "choose time_sharing",
        )


def _flex_start(path: tuple[str, str], pool: PoolSpec, machine: Machine) -> Iterator[Problem]:
    where = (*path, "capacity")
    if machine.accelerator_id is None or not machine.flex_start:
        problem = f"{_carried(machine)} is not to be had by flex_start"
        yield Problem(where, problem, "choose on_demand or spot")
    elif hosts_of(pool, machine) > 1:
        problem = f"flex_start has slices of one machine only, and {pool.topology} is of {hosts_of(pool, machine)}"
        yield Problem(where, problem, "choose on_demand, spot or reserved")
    if pool.min_nodes:
        problem = "no node of flex_start stays: each ends after seven days, and the next comes when there is capacity"
        yield Problem((*path, "min_nodes"), problem, "write 0, or another capacity")


def _carried(machine: Machine) -> str:
    return f"{machine.machine_type} ({machine.accelerator or 'no accelerator'})"


def slice_problems(spec: StackSpec, path: Path, asked: ModelSpec) -> Iterator[Problem]:
    """A model on TPUs: of one shape in all of its pools, and where that spans machines, replicas that come as they."""
    pool = spec.pools.get(pool_for(spec, asked) or "")
    machine = machine_of(spec, pool) if pool else None
    if pool is None or machine is None or not machine.is_tpu:
        return
    yield from _one_shape(spec, path, asked, topology_of(pool, machine))
    hosts = hosts_of(pool, machine)
    mode = scaling.serving_mode(asked, accelerator=True)
    low, high = scaling.replica_bounds(asked, mode, 1)
    if hosts > 1 and mode is ServingMode.KNATIVE:
        problem = f"knative brings replicas one by one, and a slice of {hosts} machines comes whole"
        yield Problem((*path, "mode"), problem, "write mode: steady")
    elif hosts > 1 and (low % hosts or low != high):
        problem = f"{low} to {high} replicas, one a machine, are no whole slices of {hosts}"
        yield Problem((*path, "replicas"), problem, f"make min and max the same multiple of {hosts}")


def _one_shape(spec: StackSpec, path: Path, asked: ModelSpec, topology: str | None) -> Iterator[Problem]:
    for index, name in enumerate(asked.overflow_pools):
        other = spec.pools.get(name)
        machine = machine_of(spec, other) if other else None
        if other and machine and machine.is_tpu and topology_of(other, machine) != topology:
            problem = f"has slices {printable(topology_of(other, machine))}, and {asked.pool} {printable(topology)}"
            yield Problem((*path, "overflow_pools", index), problem, "name pools of the same topology")
