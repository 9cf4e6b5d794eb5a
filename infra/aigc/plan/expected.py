"""How many replicas and nodes the expected traffic keeps, as bounds: what nobody measured stays an interval."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from aigc.config.spec import ModelSpec
from aigc.plan.scaling import NEVER_IDLE_REQUESTS
from aigc.plan.stack_plan import EndpointPlan, ExpectedPlan, PoolPlan, ScalingPlan


def expected(model: ModelSpec, scaling: ScalingPlan) -> ExpectedPlan:
    """Fewest and most replicas at the mean rate of requests.

    A fixed number is known. Else one replica is there all the time if a gap as long as the idle time practically never
    comes (NEVER_IDLE_REQUESTS); how many more the rate needs depends on what one replica can do, and that is measured,
    not known beforehand.
    """
    low, high = scaling.min_replicas, scaling.max_replicas
    rate = model.traffic.requests_per_second if model.traffic else None
    if low == high:
        return ExpectedPlan(requests_per_second=rate, min_replicas=low, max_replicas=high, basis="the number is fixed")
    if rate is None:
        why = "no traffic is named in the stack file"
        return ExpectedPlan(requests_per_second=None, min_replicas=low, max_replicas=high, basis=why)
    unknown = "what one replica can do was not measured on its pool"
    if rate * scaling.idle_seconds >= NEVER_IDLE_REQUESTS:
        always = f"{rate:g} requests/s leave no pause of {scaling.idle_seconds} s"
        return ExpectedPlan(
            requests_per_second=rate,
            min_replicas=max(1, low),
            max_replicas=high,
            basis=f"{always}; {unknown}",
        )
    return ExpectedPlan(requests_per_second=rate, min_replicas=low, max_replicas=high, basis=unknown)


def expected_nodes(pool: PoolPlan, endpoints: Iterable[EndpointPlan]) -> tuple[int, int]:
    """Fewest and most nodes of a pool at the expected replicas of the endpoints that land on it.

    On accelerators one replica needs so many devices, so replicas bound the nodes from both sides. A CPU pool also
    carries the platform: its most is the pool's own.
    """
    here = [endpoint for endpoint in endpoints if endpoint.pool == pool.name]
    low, high = (_nodes(pool, here, most=most) for most in (False, True))
    fewest = min(pool.max_nodes, max(pool.min_nodes, low))
    if not pool.accelerators_per_node:
        return fewest, pool.max_nodes
    return fewest, min(pool.max_nodes, max(pool.min_nodes, high))


def _nodes(pool: PoolPlan, endpoints: Iterable[EndpointPlan], *, most: bool) -> int:
    devices, replicas = 0, 0
    for endpoint in endpoints:
        bounds = endpoint.expected
        count = endpoint.scaling.max_replicas if most else endpoint.scaling.min_replicas
        if bounds is not None:
            count = bounds.max_replicas if most else bounds.min_replicas
        replicas += count
        devices += count * endpoint.resources.accelerators
    if pool.accelerators_per_node:
        return ceil(devices / pool.accelerators_per_node)
    return min(1, replicas)
