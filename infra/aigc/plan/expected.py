"""How many replicas and nodes the expected traffic keeps, as bounds: what nobody measured stays an interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

from aigc.config.spec import ModelSpec
from aigc.plan.scaling import NEVER_IDLE_REQUESTS
from aigc.plan.stack_plan import EndpointPlan, ExpectedPlan, PoolPlan, ScalingPlan


def expected(model: ModelSpec, scaling: ScalingPlan) -> ExpectedPlan:
    """Fewest and most replicas at the mean rate of requests.

    A fixed number is known, and so is what the rate needs where the stack file says what a replica serves. Else one
    replica is there all the time if a gap as long as the idle time practically never comes (NEVER_IDLE_REQUESTS); how
    many more the rate needs depends on what one replica can do, and that is measured, not known beforehand.
    """
    bounds = _bounds(model, scaling)
    if model.predicted is None:
        return bounds
    return bounds.model_copy(update={"p50_ms": model.predicted.p50_ms, "p99_ms": model.predicted.p99_ms})


def _bounds(model: ModelSpec, scaling: ScalingPlan) -> ExpectedPlan:
    low, high = scaling.min_replicas, scaling.max_replicas
    rate = model.traffic.requests_per_second if model.traffic else None
    if low == high:
        return ExpectedPlan(requests_per_second=rate, min_replicas=low, max_replicas=high, basis="the number is fixed")
    if rate is None:
        why = "no traffic is named in the stack file"
        return ExpectedPlan(requests_per_second=None, min_replicas=low, max_replicas=high, basis=why)
    if model.predicted is not None:
        each = model.predicted.requests_per_second
        needed = min(high, max(low, ceil(rate / each)))
        why = f"{rate:g} requests/s, and a replica serves {each:g} within the objective, as the stack file predicts"
        return ExpectedPlan(requests_per_second=rate, min_replicas=needed, max_replicas=needed, basis=why)
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


def expected_nodes(pool: PoolPlan, pools: Sequence[PoolPlan], endpoints: Iterable[EndpointPlan]) -> tuple[int, int]:
    """Fewest and most nodes of a pool at the expected replicas of the endpoints that may land on it.

    On accelerators one replica needs so many devices, so replicas bound the nodes from both sides; of an endpoint with
    several pools at least those are here for which the others have no room. A CPU pool also carries the platform: its
    most is the pool's own.
    """
    here = [endpoint for endpoint in endpoints if pool.name in endpoint.pools]
    low = sum(max(0, _replicas(one)[0] - _room(one, pool, pools)) * _devices(one) for one in here)
    high = sum(_replicas(one)[1] * _devices(one) for one in here)
    if not devices_of(pool):
        return min(pool.max_nodes, max(pool.min_nodes, min(1, sum(_replicas(one)[0] for one in here)))), pool.max_nodes
    fewest, most = (min(pool.max_nodes, max(pool.min_nodes, ceil(wanted / devices_of(pool)))) for wanted in (low, high))
    return fewest, most


def devices_of(pool: PoolPlan) -> int:
    """How many devices one node has that a pod can ask for: GPUs, or parts and shares of them."""
    return pool.devices_per_node or pool.accelerators_per_node


def _devices(endpoint: EndpointPlan) -> int:
    return endpoint.resources.accelerators


def _replicas(endpoint: EndpointPlan) -> tuple[int, int]:
    bounds = endpoint.expected or endpoint.scaling
    return bounds.min_replicas, bounds.max_replicas


def _room(endpoint: EndpointPlan, pool: PoolPlan, pools: Sequence[PoolPlan]) -> int:
    """Replicas that the endpoint's other pools hold at most."""
    others = (one for one in pools if one.name in endpoint.pools and one.name != pool.name)
    return sum(one.max_nodes * devices_of(one) // max(1, _devices(endpoint)) for one in others)
