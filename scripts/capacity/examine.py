"""Asks a cloud about every pool of a plan, then about what could stand in for those that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aigc.catalog.machines import machines
from aigc.plan.stack_plan import CapacityType, PoolPlan, StackPlan
from scripts.capacity.alternatives import (
    Alternative,
    candidates,
    catalog_usd_per_hour,
    cheapest,
    live_usd_per_hour,
    needs_with,
)
from scripts.capacity.contract import LiveCloud
from scripts.capacity.facts import Fact, Known, Offering, QuotaAnswer, Unknown
from scripts.capacity.verdict import Finding, Outcome, overall, pool_findings

MOST_PRICED = 8
"""Candidates of each way of paying whose live price is asked for, those that the catalog calls cheapest first: a price
is a call each."""
NOT_ON_SPOT = Unknown("the pool is not on spot")


@dataclass(frozen=True)
class PoolReport:
    """One pool: the verdict with its reasons, its prices, and what could stand in for it."""

    pool: PoolPlan
    outcome: Outcome
    findings: tuple[Finding, ...]
    on_demand: Fact[float]
    spot: Fact[Mapping[str, float]]
    catalog_on_demand: float | None
    catalog_spot: float | None
    alternative: Fact[Alternative] | None
    """None where none was looked for: the pool fits, or nothing says that it does not."""


@dataclass(frozen=True)
class CapacityReport:
    """The whole answer for a stack."""

    stack: str
    cloud: str
    region: str | None
    account: Fact[str]
    pools: tuple[PoolReport, ...]
    quotas: tuple[QuotaAnswer, ...]
    not_asked: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """Of the stack: that of its pools together."""
        return overall(report.outcome for report in self.pools)


def examine(plan: StackPlan, cloud: LiveCloud, note: Callable[[str], None] = lambda _: None) -> CapacityReport:
    """Ask everything; `note` hears what is being asked. A stack without pools fits: it needs nothing."""
    types = list(dict.fromkeys(pool.machine_type for pool in plan.pools))
    note(f"quotas of {plan.region}")
    answers = cloud.quotas(plan.pools, plan.quotas)
    note(f"offerings of {', '.join(types)}")
    offerings = cloud.offerings(types)
    note("prices")
    on_demand = cloud.on_demand(types)
    spot = cloud.spot([pool.machine_type for pool in plan.pools if pool.capacity is CapacityType.SPOT])
    reserved = cloud.reserved([pool for pool in plan.pools if pool.capacity is CapacityType.RESERVED])
    reports = []
    for pool in plan.pools:
        name = pool.machine_type
        findings = pool_findings(pool, cloud.account, answers, offerings[name], reserved.get(pool.name))
        outcome = overall(finding.outcome for finding in findings)
        reports.append(
            PoolReport(
                pool=pool,
                outcome=outcome,
                findings=findings,
                on_demand=on_demand[name],
                spot=spot[name] if pool.capacity is CapacityType.SPOT else NOT_ON_SPOT,
                catalog_on_demand=catalog_usd_per_hour(plan.cloud, name, plan.region, spot=False),
                catalog_spot=catalog_usd_per_hour(plan.cloud, name, plan.region, spot=True),
                alternative=_alternative(plan, pool, cloud, note) if outcome is Outcome.DOES_NOT_FIT else None,
            )
        )
    return CapacityReport(
        stack=plan.stack,
        cloud=plan.cloud.value,
        region=plan.region,
        account=cloud.account,
        pools=tuple(reports),
        quotas=answers,
        not_asked=cloud.not_asked,
    )


def _alternative(plan: StackPlan, pool: PoolPlan, cloud: LiveCloud, note: Callable[[str], None]) -> Fact[Alternative]:
    note(f"what could stand in for pool {pool.name}")
    possible = candidates(plan.cloud, pool, auto_mode=plan.cluster.auto_mode)
    offerings = cloud.offerings(list(dict.fromkeys(one.machine_type for one in possible)))
    fitting = [one for one in possible if _fits(plan, one, cloud, offerings)]
    if not fitting:
        return Unknown(
            f"none of the {len(possible)} in the catalog that carry no less is known to fit",
            "raise a quota, or choose another region; `python -m scripts plan` prints what is needed",
        )
    fitting.sort(key=lambda one: _by_catalog(plan, one))
    ways = dict.fromkeys(one.capacity for one in fitting)
    fitting = [one for way in ways for one in [one for one in fitting if one.capacity is way][:MOST_PRICED]]
    best = cheapest(_priced(plan, fitting, cloud))
    if best is None:
        names = ", ".join(f"{one.machine_type} ({one.capacity.value})" for one in fitting)
        return Unknown(f"these would fit, but no price of them is known: {names}", "look at the cloud's price page")
    return Known(best)


def _fits(plan: StackPlan, candidate: PoolPlan, cloud: LiveCloud, offerings: Mapping[str, Fact[Offering]]) -> bool:
    """Whether the pool would fit; other pools of the stack count into the quotas that it shares with them."""
    offering = offerings[candidate.machine_type]
    # Quotas are asked for only where the machine is sold: one question each.
    if any(one.outcome is not Outcome.FITS for one in pool_findings(candidate, cloud.account, (), offering)):
        return False
    answers = cloud.quotas(*needs_with(plan, candidate))
    return overall(one.outcome for one in pool_findings(candidate, cloud.account, answers, offering)) is Outcome.FITS


def _by_catalog(plan: StackPlan, pool: PoolPlan) -> tuple[bool, float, str]:
    """Order of candidates by the catalog's price, of whatever region: in another one the order is much the same."""
    usd = machines(plan.cloud)[pool.machine_type].usd_per_hour_on_demand
    return usd is None, (usd or 0.0) * pool.max_nodes, pool.machine_type


def _priced(plan: StackPlan, pools: Sequence[PoolPlan], cloud: LiveCloud) -> list[Alternative]:
    on_demand = cloud.on_demand(list(dict.fromkeys(one.machine_type for one in pools)))
    spot = cloud.spot([one.machine_type for one in pools if one.capacity is CapacityType.SPOT])
    found = []
    for one in pools:
        usd = live_usd_per_hour(one, on_demand[one.machine_type], spot)
        if usd is None:
            is_spot = one.capacity is CapacityType.SPOT
            usd = catalog_usd_per_hour(plan.cloud, one.machine_type, plan.region, spot=is_spot)
        if usd is not None:
            found.append(Alternative(one, usd))
    return found
