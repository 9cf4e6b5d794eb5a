"""How long the first pod of a new version may take, by its parts, and the progress deadline that follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path

from aigc.catalog import cold_start as catalog
from aigc.catalog.kinds import Cloud
from aigc.catalog.labels import NVIDIA_RESOURCE
from aigc.config.problems import Problem
from aigc.config.spec import ModelSpec, StackSpec
from aigc.plan import scaling
from aigc.plan.capacity import machine_of, models_on_nodes, pool_for, replicas_per_node
from aigc.plan.content_hash import size_mib
from aigc.plan.repository import Model
from aigc.plan.stack_plan import ColdStartPlan, PoolPlan, StackPlan

_MINUTE = 60


def cold_start(
    spec: StackSpec, model: str, served: Sequence[Model], pools: Sequence[PoolPlan], key: str | None, repository: Path
) -> ColdStartPlan:
    """The budget of one endpoint.

    Args:
        spec: of the stack.
        model: as the stack file names it.
        served: the model itself, and those that it requires.
        pools: that its pods may land on, in order of preference.
        key: the extended resource that they request; None without an accelerator.
        repository: the folder of the models.
    """
    new_node = _needs_a_node(spec, model, served, pools)
    driver = new_node and key == NVIDIA_RESOURCE and spec.cloud in catalog.CLOUDS_THAT_INSTALL_DRIVERS
    files_mib = size_mib(repository, served)
    return ColdStartPlan(
        node_seconds=(catalog.ACCELERATED_NODE_SECONDS if key else catalog.NODE_SECONDS) if new_node else 0,
        driver_seconds=catalog.DRIVER_SECONDS if driver else 0,
        # On a machine of one's own it is there before anything is applied.
        image_seconds=0 if spec.cloud is Cloud.LOCAL else catalog.IMAGE_SECONDS,
        files_mib=files_mib,
        files_seconds=ceil(files_mib / catalog.MODEL_MIB_PER_SECOND),
        server_seconds=catalog.ACCELERATED_SERVER_SECONDS if key else catalog.SERVER_SECONDS,
    )


def deadline_seconds(budget: ColdStartPlan) -> int:
    """The budget with its headroom, in whole minutes."""
    wanted = ceil(budget.total_seconds * catalog.HEADROOM / _MINUTE) * _MINUTE
    return min(catalog.MOST_DEADLINE_SECONDS, max(catalog.USUAL_DEADLINE_SECONDS, wanted))


def too_short(plan: StackPlan) -> Iterator[Problem]:
    """Deadlines that end before the budget does: no faults, for whoever measured a start knows better."""
    for endpoint in plan.endpoints:
        budget, deadline = endpoint.cold_start, endpoint.scaling.progress_deadline_seconds
        if budget and deadline < budget.total_seconds:
            way_out = "raise it" if deadline < catalog.MOST_DEADLINE_SECONDS else "keep a node that has room for it"
            yield Problem(
                ("models", endpoint.models[0], "scaling", "progress_deadline_seconds"),
                f"{deadline} s, and a cold start may take {budget.total_seconds} s: {budget}",
                f"{way_out}, or leave it if you measured that a start takes less",
            )


def _needs_a_node(spec: StackSpec, model: str, served: Sequence[Model], pools: Sequence[PoolPlan]) -> bool:
    """Whether one must come before another replica has room: what stays there fills the nodes that are kept."""
    if not pools:
        return spec.cloud is not Cloud.LOCAL  # nodes that nobody told us of may all be full
    if all(not pool.made or pool.min_nodes == pool.max_nodes for pool in pools):
        return False
    room = sum(pool.min_nodes * _replicas_a_node(spec, spec.models[model], served, pool) for pool in pools)
    return room <= _replicas_kept(spec, {pool.name for pool in pools}, accelerated=pools[0].resource_key is not None)


def _replicas_a_node(spec: StackSpec, asked: ModelSpec, served: Sequence[Model], pool: PoolPlan) -> int:
    asked_pool = spec.pools[pool.name]
    machine = machine_of(spec, asked_pool)
    assert machine is not None  # noqa: S101 - a pool of the plan has one
    return replicas_per_node(machine, asked_pool, asked, served, by_karpenter=pool.karpenter)


def _replicas_kept(spec: StackSpec, pools: set[str], *, accelerated: bool) -> int:
    """Of all models that may land on one of these pools, those replicas that are there all the time."""
    here = [one for one in models_on_nodes(spec).values() if pools & {pool_for(spec, one), *one.overflow_pools}]
    return sum(scaling.replica_bounds(one, scaling.serving_mode(one, accelerated), 1)[0] for one in here)
