"""What a fleet should have shown, out of the plan alone, and what it did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aigc.plan.stack_plan import EndpointPlan, PoolPlan, ServingMode, StackPlan

Placed = Mapping[str, Mapping[str, int]]
"""Endpoint -> pool -> its pods there."""
WAITING = "waiting"
"""In the place of a pool: pods that no node took."""


def objections(plan: StackPlan, floor: Placed, most: Placed, zero: Placed) -> list[str]:
    """Everything that was otherwise.

    Args:
        plan: of the stack.
        floor: on the fewest nodes of each pool, without traffic.
        most: on the most nodes, with more traffic than can be served.
        zero: on these, when traffic was over for as long as the plan keeps idle replicas.
    """
    found: list[str] = []
    for endpoint in plan.endpoints:
        least, peak = at_rest(endpoint), endpoint.scaling.max_replicas
        found += _off(plan, endpoint, "at the floor", floor.get(endpoint.name, {}), least, may_wait=True)
        found += _off(plan, endpoint, "at the most", most.get(endpoint.name, {}), peak, may_wait=False)
        if endpoint.mode is ServingMode.KNATIVE:
            idle = endpoint.scaling.min_replicas
            found += _off(plan, endpoint, "when idle again", zero.get(endpoint.name, {}), idle, may_wait=False)
    return found


def at_rest(endpoint: EndpointPlan) -> int:
    """Replicas before the first request."""
    knative = endpoint.mode is ServingMode.KNATIVE
    return endpoint.scaling.initial_replicas if knative else endpoint.scaling.min_replicas


def _off(
    plan: StackPlan, endpoint: EndpointPlan, when: str, placed: Mapping[str, int], wanted: int, *, may_wait: bool
) -> Iterator[str]:
    name, total = endpoint.name, sum(placed.values())
    pools = {pool.name: pool for pool in plan.pools}
    if total != wanted:
        yield f"{name} {when}: {total} pods, the plan says {wanted}"
    if strangers := sorted(placed.keys() - {*endpoint.pools, WAITING}):
        yield f"{name} {when}: pods on {', '.join(strangers)}, the plan says {', '.join(endpoint.pools)}"
    waiting = placed.get(WAITING, 0)
    room = sum(_room(endpoint, pools[pool], pools[pool].min_nodes) for pool in endpoint.pools)
    if waiting > (max(0, wanted - room) if may_wait else 0):
        yield f"{name} {when}: {waiting} pods wait for a node"
    if not may_wait and endpoint.pools:
        first = pools[endpoint.pools[0]]
        here = min(wanted, _room(endpoint, first, first.max_nodes))
        if placed.get(first.name, 0) < here:
            yield f"{name} {when}: {placed.get(first.name, 0)} pods on {first.name}, which has room for {here} of them"


def _room(endpoint: EndpointPlan, pool: PoolPlan, nodes: int) -> int:
    """Replicas that so many nodes have devices for; without devices one a node, which is what a plan counts on."""
    each = endpoint.resources.accelerators
    devices = pool.devices_per_node or pool.accelerators_per_node
    return nodes * (devices // each if each else 1)
