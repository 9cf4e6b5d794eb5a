"""What Karpenter should have made of a stack, out of the plan alone, and what it did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum

from aigc.plan.expected import devices_of
from aigc.plan.stack_plan import CapacityType, EndpointPlan, PoolPlan, ServingMode, StackPlan
from tests.fleets.karpenter.sight import NOT_RUNNING, MadeNode, Sight

_CAPACITY_TYPES = {CapacityType.ON_DEMAND: "on-demand", CapacityType.SPOT: "spot"}
"""As Karpenter spells those that a pool of its may have here."""


class Moment(StrEnum):
    """When it is looked at."""

    FLOOR = "at the floor"
    """Before the first request."""
    MOST = "at the most"
    """With more requests than can be served."""
    IDLE = "idle again"
    """Without any, for as long as idle replicas and empty nodes are kept."""


def replicas(endpoint: EndpointPlan, moment: Moment) -> int:
    """How many there should be."""
    if moment is Moment.MOST:
        return endpoint.scaling.max_replicas
    if moment is Moment.FLOOR and endpoint.mode is ServingMode.KNATIVE:
        return endpoint.scaling.initial_replicas
    return endpoint.scaling.min_replicas


def objections(plan: StackPlan, moment: Moment, sight: Sight) -> list[str]:
    """Everything that was otherwise at a moment."""
    pools = {pool.name: pool for pool in plan.pools}
    found = [
        f"{endpoint.name}: {words}"
        for endpoint in plan.endpoints
        for words in _off(endpoint, pools, moment, sight.placed.get(endpoint.name, {}))
    ]
    found += [f"node {node.name}: {words}" for node in sight.made for words in _made_otherwise(plan, node)]
    number = Counter(node.pool for node in sight.made)
    found += [
        f"pool {name}: {number[name]} nodes, the plan says {pool.max_nodes} at most"
        for name, pool in pools.items()
        if number[name] > pool.max_nodes
    ]
    return [f"{moment}, {words}" for words in found]


def _off(
    endpoint: EndpointPlan, pools: Mapping[str, PoolPlan], moment: Moment, placed: Mapping[str, int]
) -> Iterator[str]:
    total, should = sum(placed.values()), replicas(endpoint, moment)
    if total != should:
        yield f"{total} pods, the plan says {should}"
    if strangers := sorted(placed.keys() - {*endpoint.pools, NOT_RUNNING}):
        yield f"pods on {', '.join(strangers)}, the plan says {', '.join(endpoint.pools)}"
    if waiting := placed.get(NOT_RUNNING):
        yield f"{waiting} pods do not run, and Karpenter could make nodes for them"
    if moment is not Moment.IDLE:  # which of many goes is the ReplicaSet's choice
        yield from _floor_not_full(endpoint, [pools[name] for name in endpoint.pools], should, placed)


def _floor_not_full(
    endpoint: EndpointPlan, pools: list[PoolPlan], should: int, placed: Mapping[str, int]
) -> Iterator[str]:
    """Nodes that are there anyway take pods before one is made."""
    for pool in pools:
        if not pool.karpenter:
            each = endpoint.resources.accelerators
            here = min(should, pool.min_nodes * devices_of(pool) // each if each else pool.min_nodes)
            if placed.get(pool.name, 0) < here:
                yield f"{placed.get(pool.name, 0)} pods on {pool.name}, which has room for {here} of them"


def _made_otherwise(plan: StackPlan, node: MadeNode) -> Iterator[str]:
    """Whatever of a node is not its pool's; each pod that a node was made for is on it, or it should be gone."""
    pool = next((one for one in plan.pools if one.karpenter and one.name == node.pool), None)
    if pool is None:
        yield f"{node.pool} is no pool that Karpenter makes nodes for"
        return
    wanted = {
        "machine type": (node.machine_type, [pool.machine_type]),
        "capacity": (node.capacity, [_CAPACITY_TYPES[pool.capacity]]),
        "zone": (node.zone, list(pool.zones or plan.cluster.zones)),
    }
    for what, (is_so, may) in wanted.items():
        if is_so not in may:
            yield f"{what} {is_so}, pool {pool.name} says {' or '.join(may)}"
    if lacking := sorted(pool.labels.items() - node.labels.items()):
        yield f"without the labels {', '.join(f'{key}={value}' for key, value in lacking)}"
    if node.taints != tuple(sorted((one.key, one.value, one.effect) for one in pool.taints)):
        yield f"taints {node.taints}"
    if not node.pods:
        yield "no pod is on it"
