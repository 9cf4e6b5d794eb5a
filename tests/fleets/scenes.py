"""What a play shows of a stack one after the other, and where its pods should be then, out of the plan alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from aigc.plan.expected import devices_of
from aigc.plan.stack_plan import Autoscaler, CapacityType, EndpointPlan, PoolPlan, ServingMode, StackPlan

Placed = Mapping[str, Mapping[str, int]]
"""Endpoint, or stand-in -> pool -> its pods there."""
WAITING = "waiting"
"""In the place of a pool: pods that no node took."""


class Load(StrEnum):
    """What is asked of every endpoint."""

    REST = "rest"
    """Nothing yet."""
    MOST = "most"
    """More than can be served."""
    UNSEEN = "unseen"
    """As much, but Prometheus knows nothing of it any more."""
    IDLE = "idle"
    """Nothing any more, for as long as the plan keeps idle replicas."""


@dataclass(frozen=True)
class Scene:
    """Nodes of each pool that are there, and what is asked."""

    name: str
    nodes: Mapping[str, int]
    load: Load
    gone: tuple[str, ...] = ()
    """Pools whose nodes are taken away, all of them at once, and do not come."""


def scenes(plan: StackPlan) -> tuple[Scene, ...]:
    """From the fewest nodes and no traffic to the most of both, with what may be missing, and back."""
    fewest = {pool.name: pool.min_nodes for pool in plan.pools}
    most = {pool.name: pool.max_nodes for pool in plan.pools}
    tainted = {pool.name for pool in plan.pools if pool.taints}
    # A pool without taints carries the platform, too: without it nothing would be left to look at.
    firsts = tuple(sorted({one.pools[0] for one in plan.endpoints if one.pools} & tainted))
    spot = tuple(pool.name for pool in plan.pools if pool.capacity is CapacityType.SPOT and pool.max_nodes)
    found = [Scene("at the floor", fewest, Load.REST)]
    if firsts:
        found.append(Scene(f"without {', '.join(firsts)}", {**most, **dict.fromkeys(firsts, 0)}, Load.MOST, firsts))
    found.append(Scene("at the most", most, Load.MOST))
    if spot:
        found.append(Scene("after a spot wave", {**most, **dict.fromkeys(spot, 0)}, Load.MOST, spot))
        found.append(Scene("when spot is back", most, Load.MOST))
    autoscalers = {one.scaling.autoscaler for one in plan.endpoints}
    if Autoscaler.KEDA in autoscalers:
        found.append(Scene("when metrics vanish", most, Load.UNSEEN))
    if autoscalers - {Autoscaler.NONE}:
        found.append(Scene("when idle again", most, Load.IDLE))
    return tuple(found)


def replicas(endpoint: EndpointPlan, load: Load) -> int:
    """How many pods an endpoint should have."""
    scaling = endpoint.scaling
    if load is Load.REST:
        return scaling.initial_replicas if endpoint.mode is ServingMode.KNATIVE else scaling.min_replicas
    return scaling.min_replicas if load is Load.IDLE else scaling.max_replicas


def expected(plan: StackPlan, scene: Scene, before: Placed) -> dict[str, dict[str, int]]:
    """Where each endpoint's pods should be, if they were as `before`.

    Pods stay where they are as long as their node is there; the others go to the first of the endpoint's pools that has
    room, and wait where none has. Which pods go when there are too many is the ReplicaSet's choice, and not told here.
    """
    pools = {pool.name: pool for pool in plan.pools}
    found: dict[str, dict[str, int]] = {}
    for endpoint in plan.endpoints:
        left, placed = replicas(endpoint, scene.load), before.get(endpoint.name, {})
        room = {name: _room(endpoint, pools[name], scene.nodes[name]) for name in endpoint.pools}
        here = {name: min(placed.get(name, 0), room[name]) for name in endpoint.pools}
        kept = sum(here.values()) <= left
        now = here if kept else dict.fromkeys(endpoint.pools, 0)
        left -= sum(now.values())
        for name in endpoint.pools:
            more = min(left, room[name] - now[name])
            now[name] += more
            left -= more
        now[WAITING] = left
        found[endpoint.name] = {where: number for where, number in now.items() if number}
    return found


def or_else(pools: Iterable[str]) -> str:
    """Pools that are tried in this order, in words."""
    return ", else ".join(pools) or "any node"


def _room(endpoint: EndpointPlan, pool: PoolPlan, nodes: int) -> int:
    """Replicas that so many nodes have devices for; without devices one a node, which is what a plan counts on."""
    each = endpoint.resources.accelerators
    return nodes * (devices_of(pool) // each if each else 1)
