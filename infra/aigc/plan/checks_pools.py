"""Checks of node pools: machines that exist, can be had, are sold there, and have somebody to use them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aigc.catalog import limits
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import Machine, all_machines, machines, nearest_living
from aigc.config.problems import Problem, did_you_mean, printable
from aigc.config.spec import PoolSpec, StackSpec
from aigc.plan.auto_mode import with_auto_mode
from aigc.plan.capacity import machine_of, models_on_nodes, pool_for
from aigc.plan.checks_auto_mode import auto_mode_problems
from aigc.plan.checks_aws_pools import aws_pool_problems
from aigc.plan.checks_cluster import zones_problems
from aigc.plan.checks_existing import existing_pool_problems, nodes_elsewhere
from aigc.plan.checks_gke_pools import gke_pool_problems
from aigc.plan.checks_partitions import partition_problems
from aigc.plan.compute_classes import class_of
from aigc.plan.node_images import image_gap
from aigc.plan.node_provisioning import karpenter_problems
from aigc.plan.reservations import reservation_problems

_POOL_NAMES = {
    Cloud.GCP: (limits.RFC1035_LABEL, limits.GKE_POOL_NAME_CHARS, "lowercase letters, digits and hyphens"),
    Cloud.AWS: (limits.RFC1035_LABEL, limits.EKS_NODE_GROUP_NAME_CHARS, "lowercase letters, digits and hyphens"),
    Cloud.AZURE: (re.compile("[a-z][a-z0-9]*"), limits.AKS_POOL_NAME_CHARS, "lowercase letters and digits"),
}
_ANY_POOL_NAME = (limits.RFC1035_LABEL, limits.DNS_LABEL_CHARS, "lowercase letters, digits and hyphens")
"""Of a cloud that says nothing of its own: what the label of its nodes takes."""


def pool_problems(spec: StackSpec) -> Iterator[Problem]:
    """Everything that is wrong with the pools."""
    for name, pool in spec.pools.items():
        if pool.min_nodes > pool.max_nodes:
            yield Problem(
                ("pools", name, "min_nodes"),
                f"{pool.min_nodes} is more than max_nodes, which is {pool.max_nodes}",
                "lower min_nodes or raise max_nodes",
            )
    if spec.cloud is Cloud.EXISTING:
        yield from existing_pool_problems(spec)
        return
    if not spec.cloud.makes_nodes:
        if spec.pools:
            yield Problem(
                ("pools",), f"cloud {spec.cloud} has no pools of ours: its nodes are there already", "remove them"
            )
        return
    for name, pool in spec.pools.items():
        path = ("pools", name)
        yield from _name(spec, path, name)
        yield from _machine(spec, path, pool)
        yield from nodes_elsewhere(spec, path, pool)
        yield from reservation_problems(spec, path, pool)
        yield from gke_pool_problems(spec, path, pool)
        yield from partition_problems(spec, path, pool)
        yield from aws_pool_problems(spec, path, pool)
        yield from karpenter_problems(spec, path, pool)
        yield from auto_mode_problems(spec, path, pool)
        yield from zones_problems(spec, (*path, "zones"), pool.zones)
        for index, zone in enumerate(pool.zones):
            if spec.zones and zone not in spec.zones:
                yield Problem((*path, "zones", index), f"{printable(zone)} is not in the stack's zones", "add it there")
    yield from _use(spec)


def _name(spec: StackSpec, path: tuple[str, str], name: str) -> Iterator[Problem]:
    pattern, longest, words = _POOL_NAMES.get(spec.cloud, _ANY_POOL_NAME)
    if not pattern.fullmatch(name) or len(name) > longest:
        yield Problem(path, f"cannot be a pool's name on {spec.cloud}", f"{words}, a letter first, {longest} at most")


def _machine(spec: StackSpec, path: tuple[str, str], pool: PoolSpec) -> Iterator[Problem]:
    machine, asked = machine_of(spec, pool), (*path, "machine_type")
    if pool.machine_type is None:
        problem = f"is missing; a pool of cloud {spec.cloud} is machines of one type"
        yield Problem(asked, problem, "add one; infra/aigc/catalog/machines.yaml has them")
    elif machine is None:
        elsewhere = sorted({row.cloud for row in all_machines() if row.machine_type == pool.machine_type})
        if elsewhere:
            yield Problem(
                asked,
                f"{printable(pool.machine_type)} is a machine of {', '.join(elsewhere)}, not of {spec.cloud}",
                "choose one of this cloud; infra/aigc/catalog/machines.yaml has them",
            )
            return
        usable = [name for name, row in machines(spec.cloud).items() if row.is_one_machine and not row.retired]
        hint = did_you_mean(pool.machine_type, usable, f"machines of {spec.cloud}")
        yield Problem(asked, f"{printable(pool.machine_type)} is not in the catalog", hint)
    elif machine.retired:
        yield Problem(asked, f"{pool.machine_type} cannot be had any more: {machine.status}", _instead_of(machine))
    elif not machine.is_one_machine or not machine.size_is_known:
        yield Problem(
            asked, f"{printable(pool.machine_type)} is not one machine with a known size", "choose another row"
        )
    elif not with_auto_mode(spec) and (gap := image_gap(spec.cloud, machine, pool.node_image)):
        yield Problem(
            asked, gap, "choose another machine: of NVIDIA or Neuron, or without any accelerator; or another node_image"
        )


def _instead_of(machine: Machine) -> str:
    """What to choose in place of a machine that cannot be had."""
    nearest = nearest_living(machine)
    if nearest is None:
        return f"no newer machine of {machine.cloud} here carries its kind; choose one with another accelerator"
    less = "carries no less" if machine.accelerator_count else "carries its kind; how much the old one did is not known"
    return f"choose a newer machine: {nearest.machine_type} ({nearest.accelerator}) is the cheapest that {less}"


def _use(spec: StackSpec) -> Iterator[Problem]:
    """An accelerator pool needs a model on it; the platform's own pods need a node that stays."""
    known = {name: machine for name, pool in spec.pools.items() if (machine := machine_of(spec, pool))}
    placed = models_on_nodes(spec).values()
    used = {pool_for(spec, model) for model in placed}
    used |= {name for model in placed for name in model.overflow_pools}
    for name, machine in known.items():
        # A model without a pool has a fault of its own, and mending it may well use this one.
        if machine.accelerator_id and name not in used and None not in used:
            yield Problem(
                ("pools", name),
                f"no model would use its {machine.accelerator}",
                f"remove the pool, or give a model accelerators: [{machine.accelerator_id}] or pool: {name}",
            )
    home = [
        name
        for name, machine in known.items()
        if not machine.accelerator_id and spec.pools[name].min_nodes and class_of(spec, name) is None
    ]
    if len(known) == len(spec.pools) and not home:
        yield Problem(
            ("pools",),
            "there is nowhere for Knative, the gateway and Prometheus to run",
            "add a pool of machines without accelerator and min_nodes of 1 or more",
        )
