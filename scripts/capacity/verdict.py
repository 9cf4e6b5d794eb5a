"""From facts to verdicts; pure: no cloud, no clock. What is not known is never taken for a yes, nor for a no."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from aigc.plan.stack_plan import PoolPlan
from scripts.capacity.facts import Fact, Known, LiveQuota, Offering, QuotaAnswer, Reserved, Unknown


class Outcome(StrEnum):
    """Of one finding, of a pool, of a stack."""

    FITS = "fits"
    DOES_NOT_FIT = "does not fit"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One thing that decides whether a pool can grow to its bounds."""

    about: str
    """`account`, `quota`, `offering` or `reservation`."""
    outcome: Outcome
    sentence: str
    way_out: str = ""


def overall(outcomes: Iterable[Outcome]) -> Outcome:
    """One no is a no; without one, one unknown is unknown."""
    found = set(outcomes)
    for decisive in (Outcome.DOES_NOT_FIT, Outcome.UNKNOWN):
        if decisive in found:
            return decisive
    return Outcome.FITS


def account_finding(account: Fact[str]) -> Finding:
    """Whether the answers are of the account that the plan is for; another one is refused before anything is asked."""
    if isinstance(account, Unknown):
        return Finding("account", Outcome.UNKNOWN, f"whose answers these are: {account.reason}", account.way_out)
    return Finding("account", Outcome.FITS, account.value)


def quota_finding(answer: QuotaAnswer) -> Finding:
    """A limit below the need is a no; what is in use may be this stack's own, so it makes a yes unknown, no more."""
    need, live = answer.need, answer.live
    name = f"{need.name} ({need.code})" if need.code and need.code != need.name else need.name
    if isinstance(live, Unknown):
        return Finding("quota", Outcome.UNKNOWN, f"{name}: {live.reason}", live.way_out)
    limit, used = live.value.limit, live.value.used
    amounts = f"{name}: {limit:g} {need.unit} allowed, {need.needed:g} needed"
    amounts += f", {used:g} in use" if used is not None else ""
    amounts += f" ({live.value.note})" if live.value.note else ""
    if limit < need.needed:
        return Finding("quota", Outcome.DOES_NOT_FIT, amounts, _ask_for(need.needed, need.unit, live.value))
    if used is not None and limit - used < need.needed:
        sentence = f"{amounts}: enough only if {used - (limit - need.needed):g} of what is in use are this stack's own"
        way_out = f"if they are not: {_ask_for(need.needed + used, need.unit, live.value)}"
        return Finding("quota", Outcome.UNKNOWN, sentence, way_out)
    return Finding("quota", Outcome.FITS, amounts)


def _ask_for(amount: float, unit: str, quota: LiveQuota) -> str:
    command = f": {quota.raised_by.format(f'{amount:g}')}" if quota.raised_by else ""
    return f"ask the cloud for {amount:g} {unit}{command}"


def offering_finding(pool: PoolPlan, offering: Fact[Offering]) -> Finding:
    """Sold in one of the pool's zones is enough: what adds nodes tries the others; in which ones not is said."""
    if isinstance(offering, Unknown):
        sentence = f"where {pool.machine_type} is sold: {offering.reason}"
        return Finding("offering", Outcome.UNKNOWN, sentence, offering.way_out)
    sold, refused = offering.value.zones, offering.value.refused
    usable = [zone for zone in sorted(sold) if zone not in refused]
    wanted = pool.zones or tuple(sorted({*sold, *refused}))
    here = [zone for zone in wanted if zone in usable]
    missing = [_why_not(zone, refused.get(zone)) for zone in wanted if zone not in here]
    if not here:
        elsewhere = ", ".join(zone for zone in usable if zone not in wanted)
        where = f"in none of {', '.join(missing)}" if wanted else "nowhere in the region"
        sentence = f"{pool.machine_type} can be had {where}"
        way_out = f"name another zone: {elsewhere}" if elsewhere else "choose another machine type or another region"
        return Finding("offering", Outcome.DOES_NOT_FIT, sentence, way_out)
    sentence = f"{pool.machine_type} is sold in {', '.join(_zone(zone, sold[zone]) for zone in here)}"
    sentence += f"; not in {', '.join(missing)}" if missing else ""
    return Finding("offering", Outcome.FITS, sentence)


def reservation_finding(pool: PoolPlan, reserved: Fact[Reserved]) -> Finding:
    """A pool of reserved machines gets no others; those in use may be this stack's own."""
    if isinstance(reserved, Unknown):
        return Finding("reservation", Outcome.UNKNOWN, f"what is reserved: {reserved.reason}", reserved.way_out)
    counts = [count for zone, count in reserved.value.zones.items() if not pool.zones or zone in pool.zones]
    total, free = sum(all_of for all_of, _ in counts), sum(unused for _, unused in counts)
    where = ", ".join(pool.zones) or "the region"
    sentence = f"{total} {pool.machine_type} reserved in {where}, {free} of them unused, {pool.max_nodes} wanted"
    if total < pool.max_nodes:
        way_out = f"reserve {pool.max_nodes - total} more, lower max_nodes, or use capacity: on_demand"
        return Finding("reservation", Outcome.DOES_NOT_FIT, sentence, way_out)
    if free < pool.max_nodes:
        own = pool.max_nodes - free
        sentence += f": enough only if {own} of those in use are this stack's own"
        return Finding("reservation", Outcome.UNKNOWN, sentence, f"if they are not, reserve {own} more")
    return Finding("reservation", Outcome.FITS, sentence)


def _zone(zone: str, everywhere: str) -> str:
    return f"{zone} ({everywhere})" if everywhere else zone


def _why_not(zone: str, reason: str | None) -> str:
    return f"{zone} ({reason})" if reason else zone


def pool_findings(
    pool: PoolPlan,
    account: Fact[str],
    answers: Iterable[QuotaAnswer],
    offering: Fact[Offering],
    reserved: Fact[Reserved] | None = None,
) -> tuple[Finding, ...]:
    """Everything that decides about one pool; a quota that pools share decides about each of them."""
    return (
        *(() if isinstance(account, Known) else (account_finding(account),)),
        *(quota_finding(answer) for answer in answers if pool.name in answer.need.pools),
        offering_finding(pool, offering),
        *(() if reserved is None else (reservation_finding(pool, reserved),)),
    )
