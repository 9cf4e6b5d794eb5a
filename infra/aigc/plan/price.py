"""What a stack costs a month, as an interval; what has no price in the catalog is named, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from aigc.catalog.kinds import CapacityType, Cloud
from aigc.catalog.machines import Machine, machines
from aigc.catalog.prices import NodePrice, price_in
from aigc.catalog.services import HOURS_PER_MONTH, Per, Service, services
from aigc.config.spec import StackSpec
from aigc.plan.auto_mode import with_auto_mode
from aigc.plan.azure_plan import AzurePlan
from aigc.plan.cost import CostInterval, CostItem, CostPlan, InferenceCost
from aigc.plan.expected import expected_nodes
from aigc.plan.managed import managed_costs
from aigc.plan.registry_plan import RegistryPlan
from aigc.plan.stack_plan import ClusterPlan, EndpointPlan, ManagedEndpointPlan, ModelStorePlan, PoolPlan, TpuVmPlan
from aigc.plan.tpu_vms import tpu_vm_costs

_NOT_OURS = {
    Cloud.LOCAL: ("this machine and its electricity",),
    Cloud.EXISTING: ("the nodes of the cluster you already have",),
}
_NOT_IN_EVERY_STACK = ("model_storage", "registry")
_SECONDS_PER_HOUR = 3600
_MIB_A_GIB = 1024
_MILLION = 1e6


@dataclass(frozen=True)
class _Nodes:
    """Nodes of a pool in each state; at plan fewest and most."""

    pool: PoolPlan
    floor: int
    plan_low: int
    plan_high: int
    maximum: int


def monthly_cost(
    spec: StackSpec,
    pools: Iterable[PoolPlan],
    endpoints: Sequence[EndpointPlan] = (),
    made: Mapping[str, float] = MappingProxyType({}),
    managed: tuple[ManagedEndpointPlan, ...] = (),
    vms: tuple[TpuVmPlan, ...] = (),
) -> CostPlan:
    """The bill at the floor, at the expected traffic and at the maximum, and what is missing in it.

    `made` has how many of a service (a row of services.yaml) a stack makes where that is not one.
    """
    if spec.cloud in _NOT_OURS:
        return _somebody_elses(spec)
    every = tuple(pools)
    nodes = [_nodes(pool, every, endpoints) for pool in every]
    priced: list[tuple[CostItem | None, list[str]]] = [_pool_item(spec, one) for one in nodes]
    priced += (*managed_costs(spec.cloud, spec.region, managed), *tpu_vm_costs(spec, vms))
    priced += [_service_item(row, nodes, spec.region, made.get(row.service, 1)) for row in _services(spec, made)]
    items = tuple(item for item, _ in priced if item is not None)
    floor, at_plan, maximum = (
        sum((getattr(item, state) for item in items), CostInterval()).rounded()
        for state in ("floor", "at_plan", "maximum")
    )
    return CostPlan(
        usd_per_month_low=floor.usd_per_month_low,
        usd_per_month_high=maximum.usd_per_month_high,
        not_priced=(*(gap for _, gaps in priced for gap in gaps), *_beside(spec)),
        budget_usd_per_month=spec.budget_usd_per_month,
        floor=floor,
        at_plan=at_plan,
        maximum=maximum,
        at_plan_basis=tuple(f"{one.name}: {_bounds(one)}" for one in endpoints if one.expected),
        items=items,
        inferences=tuple(_inferences(items, endpoints)),
    )


def _services(spec: StackSpec, made: Mapping[str, float]) -> Iterator[Service]:
    """Those that the stack uses."""
    for row in services(spec.cloud):
        used = made.get(row.service, 0 if row.service in _NOT_IN_EVERY_STACK else 1) > 0
        if used and row.auto_mode in (None, with_auto_mode(spec)):
            yield row


def _somebody_elses(spec: StackSpec) -> CostPlan:
    """Of a stack whose nodes are there already: nothing is known of what they cost."""
    unknown = CostInterval(usd_per_month_low=0.0, usd_per_month_high=None)
    return CostPlan(
        usd_per_month_low=0.0,
        usd_per_month_high=None,
        not_priced=_NOT_OURS[spec.cloud],
        budget_usd_per_month=spec.budget_usd_per_month,
        floor=unknown,
        at_plan=unknown,
        maximum=unknown,
    )


def made_of_services(
    cluster: ClusterPlan,
    store: ModelStorePlan | None = None,
    registry: RegistryPlan | None = None,
    azure: AzurePlan | None = None,
) -> dict[str, float]:
    """How many a stack makes of what is one as a rule: a NAT gateway with its address in each zone, where asked for.

    Of what is counted by GiB: how many it keeps of them. What not every stack has is in it only where this one does.
    None of AKS' control plane in its Free tier (azure-aks-docs, free-standard-pricing-tiers.md).
    """
    made: dict[str, float] = {}
    if cluster.nat_gateway_per_zone:
        made |= dict.fromkeys(("nat_gateway", "nat_address"), len(cluster.zones))
    if store:
        made["model_storage"] = sum(folder.size_mib for folder in store.folders) / _MIB_A_GIB
    if registry:
        made["registry"] = 1
    if azure and not azure.uptime_sla:
        made["control_plane"] = 0
    return made


def _beside(spec: StackSpec) -> tuple[str, ...]:
    """What a stack makes of its own that services.yaml has no row for."""
    if not services(spec.cloud):
        return ("everything beside the nodes",)
    if spec.cloud is not Cloud.AWS:
        return ()
    return ("volume of Prometheus",) * spec.monitoring.enabled


def _nodes(pool: PoolPlan, pools: Sequence[PoolPlan], endpoints: Iterable[EndpointPlan]) -> _Nodes:
    low, high = expected_nodes(pool, pools, endpoints)
    return _Nodes(pool, pool.min_nodes, low, high, pool.max_nodes)


def _bounds(endpoint: EndpointPlan) -> str:
    known = endpoint.expected
    assert known is not None  # noqa: S101 - only called for endpoints that have it
    low, high = known.min_replicas, known.max_replicas
    return f"{low} replicas" if low == high else f"{low} to {high} replicas ({known.basis})"


def _pool_item(spec: StackSpec, nodes: _Nodes) -> tuple[CostItem, list[str]]:
    pool, machine = nodes.pool, machines(spec.cloud)[nodes.pool.machine_type]
    price = price_in(machine, spec.region)
    cheap, dear, gaps = _usd_per_node_hour(machine, pool, price)
    low, high = (None if usd is None else usd * HOURS_PER_MONTH for usd in (cheap, dear))
    item = _item(f"nodes of pool {pool.name} ({pool.machine_type})", (low or 0.0, high), nodes, pool.name)
    asked_on = price.asked_on if price and high is not None else None
    return item.model_copy(update={"price_date": asked_on.isoformat()}) if asked_on else item, gaps


def _item(name: str, usd_each: tuple[float, float | None], count: _Nodes, pool: str | None) -> CostItem:
    low, high = usd_each

    def times(fewest: int, most: int) -> CostInterval:
        # None of something costs nothing, whatever one would cost.
        upper = 0.0 if most == 0 else (None if high is None else high * most)
        return CostInterval(usd_per_month_low=low * fewest, usd_per_month_high=upper).rounded()

    return CostItem(
        name=name,
        floor=times(count.floor, count.floor),
        at_plan=times(count.plan_low, count.plan_high),
        maximum=times(count.maximum, count.maximum),
        pool=pool,
    )


def _service_item(
    row: Service, nodes: Sequence[_Nodes], region: str | None, made: float
) -> tuple[CostItem | None, list[str]]:
    each = row.usd_per_month(region)
    if row.per is Per.TRAFFIC:
        return None, [row.name]
    if each is None:
        where = f" (priced only in {row.region})" if row.usd is not None and row.region else ""
        return None, [f"{row.name}{where}"]
    once_a_stack = row.per in (Per.STACK, Per.STORED_GIB)
    per_pool = [_per_pool(row, each, one) for one in nodes] if not once_a_stack else []
    if once_a_stack:
        once = CostInterval(usd_per_month_low=each * made, usd_per_month_high=each * made).rounded()
        gaps = [f"requests for {row.name}"] if row.per is Per.STORED_GIB else []
        return CostItem(name=row.name, floor=once, at_plan=once, maximum=once), gaps
    floor, at_plan, maximum = (
        sum((getattr(item, state) for item in per_pool), CostInterval()).rounded()
        for state in ("floor", "at_plan", "maximum")
    )
    item = CostItem(name=row.name, floor=floor, at_plan=at_plan, maximum=maximum)
    beyond = row.most is not None and sum(one.maximum for one in nodes) > row.most
    return item, [f"{row.name} above {row.most} nodes"] if beyond else []


def _per_pool(row: Service, each: float, nodes: _Nodes) -> CostItem:
    times = nodes.pool.disk_gib if row.per is Per.NODE_GIB else 1
    return _item(row.name, (each * times, each * times), nodes, None)


def _usd_per_node_hour(
    machine: Machine, pool: PoolPlan, price: NodePrice | None
) -> tuple[float | None, float | None, list[str]]:
    """Lower and upper price of a node-hour with a sentence for every gap; a price counts only in its own region."""
    name = f"nodes of pool {pool.name} ({machine.machine_type}"
    if pool.capacity_block:
        return None, None, [f"{name}: their Capacity Block has its own price, paid when it is bought)"]
    if price is None:
        return None, None, [f"{name}: priced only in {machine.price_region})"]
    on_demand, spot = price.on_demand, price.spot
    if pool.capacity not in (CapacityType.SPOT, CapacityType.FLEX_START):
        gaps = [] if on_demand is not None else [f"{name}: no on-demand price)"]
        if pool.reservation:
            gaps.append(f"what reservation {pool.reservation} of pool {pool.name} costs while no node uses it")
        return on_demand, on_demand, gaps
    if pool.capacity is CapacityType.FLEX_START:
        spot = None  # nobody sourced it; Google says up to 53% less than on demand
    # A snapshot of a spot price is no promise: on-demand is the upper bound, and without it there is none.
    gaps = [] if spot is not None else [f"{name}: {pool.capacity} unknown, bounded by on-demand)"]
    if on_demand is None:
        gaps = [f"{name}: no on-demand price to bound {pool.capacity})"]
    return spot, on_demand, gaps


def _inferences(items: Sequence[CostItem], endpoints: Sequence[EndpointPlan]) -> Iterable[InferenceCost]:
    """For each endpoint with traffic: what its pools cost at plan, over the requests of all who share one of them."""
    for endpoint in endpoints:
        rate = endpoint.expected.requests_per_second if endpoint.expected else None
        nodes = [one for one in items if one.pool in endpoint.pools]
        if rate is None or not nodes:
            continue
        sharers = [other for other in endpoints if set(other.pools) & set(endpoint.pools)]
        rates = [other.expected.requests_per_second if other.expected else None for other in sharers]
        known = [one for one in rates if one is not None]
        millions = sum(known) * _SECONDS_PER_HOUR * HOURS_PER_MONTH / _MILLION
        at_plan = sum((one.at_plan for one in nodes), CostInterval())
        high = at_plan.usd_per_month_high
        beside = [other.name for other in items if other not in nodes]
        unknown = [f"requests of {one.name}" for one, r in zip(sharers, rates, strict=True) if r is None]
        yield InferenceCost(
            endpoint=endpoint.name,
            requests_per_month=rate * _SECONDS_PER_HOUR * HOURS_PER_MONTH,
            usd_per_million_low=round(at_plan.usd_per_month_low / millions, 4),
            usd_per_million_high=None if high is None else round(high / millions, 4),
            leaves_out=(*beside, *unknown),
        )
