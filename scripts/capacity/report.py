"""A capacity report as JSON and as text; both say the same, and both show what is unknown as unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aigc.plan.stack_plan import CapacityType
from scripts.capacity.alternatives import Alternative
from scripts.capacity.examine import CapacityReport, PoolReport
from scripts.capacity.facts import Fact, LiveQuota, QuotaAnswer, T, Unknown
from scripts.capacity.verdict import Finding, Outcome

FORMAT = 1
"""Of the JSON; raised when a key changes its meaning or goes."""
STYLES = {Outcome.FITS: "green", Outcome.DOES_NOT_FIT: "red", Outcome.UNKNOWN: "yellow"}
MARKS = {Outcome.FITS: "✓", Outcome.DOES_NOT_FIT: "✗", Outcome.UNKNOWN: "?"}


def as_json(report: CapacityReport, asked_at: str, places: Mapping[str, str]) -> dict[str, Any]:
    """The whole report; `places` says of each pool where the stack file has it.

    A fact is `{"value": ...}`, or `{"unknown": why, "way_out": what would change that}`.

    Keys: format, stack, cloud, region, asked_at (UTC), account (fact), verdict (`fits`, `does not fit`, `unknown`),
    pools (name, where, machine_type, capacity, zones, nodes {min, max}, verdict, reasons [about, verdict, sentence,
    way_out], usd_per_hour {on_demand, spot}, each {live (fact; spot: by zone), catalog (null: not of this region)},
    alternative (null: none was looked for; else a fact)), quotas (name, code, unit, needed, pools, live (fact of limit,
    used, note)), not_asked (sentences).
    """
    return {
        "format": FORMAT,
        "stack": report.stack,
        "cloud": report.cloud,
        "region": report.region,
        "asked_at": asked_at,
        "account": _fact(report.account, str),
        "verdict": report.outcome.value,
        "pools": [_pool(one, places[one.pool.name]) for one in report.pools],
        "quotas": [_quota(answer) for answer in report.quotas],
        "not_asked": list(report.not_asked),
    }


def _fact(fact: Fact[T], value: Callable[[T], Any]) -> dict[str, Any]:
    if isinstance(fact, Unknown):
        return {"unknown": fact.reason, "way_out": fact.way_out}
    return {"value": value(fact.value)}


def _pool(report: PoolReport, where: str) -> dict[str, Any]:
    pool, alternative = report.pool, report.alternative
    return {
        "name": pool.name,
        "where": where,
        "machine_type": pool.machine_type,
        "capacity": pool.capacity.value,
        "zones": list(pool.zones),
        "nodes": {"min": pool.min_nodes, "max": pool.max_nodes},
        "verdict": report.outcome.value,
        "reasons": [_finding(finding) for finding in report.findings],
        "usd_per_hour": {
            "on_demand": {"live": _fact(report.on_demand, float), "catalog": report.catalog_on_demand},
            "spot": {"live": _fact(report.spot, dict), "catalog": report.catalog_spot},
        },
        "alternative": None if alternative is None else _fact(alternative, _alternative),
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "about": finding.about,
        "verdict": finding.outcome.value,
        "sentence": finding.sentence,
        "way_out": finding.way_out,
    }


def _alternative(one: Alternative) -> dict[str, Any]:
    return {
        "machine_type": one.pool.machine_type,
        "capacity": one.pool.capacity.value,
        "nodes": {"min": one.pool.min_nodes, "max": one.pool.max_nodes},
        "usd_per_hour": one.usd_per_hour,
        "usd_per_hour_at_most": one.usd_per_hour_at_most,
    }


def _quota(answer: QuotaAnswer) -> dict[str, Any]:
    need = answer.need
    return {
        "name": need.name,
        "code": need.code,
        "unit": need.unit,
        "needed": need.needed,
        "pools": list(need.pools),
        "live": _fact(answer.live, _live_quota),
    }


def _live_quota(quota: LiveQuota) -> dict[str, Any]:
    return {"limit": quota.limit, "used": quota.used, "note": quota.note}


def as_lines(report: CapacityReport, asked_at: str, places: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """The report as lines with their styles; `places` says of each pool where the stack file has it."""
    account = report.account.reason if isinstance(report.account, Unknown) else report.account.value
    yield f"Capacity of stack {report.stack}: {report.cloud} {report.region}, account {account}, {asked_at}", "bold"
    for pool in report.pools:
        yield from _pool_lines(pool, places[pool.pool.name])
    yield "\nNot asked", "bold"
    for sentence in report.not_asked:
        yield f"  {sentence}", None
    unsure = "" if report.outcome is Outcome.FITS else "; `fits` is said only where every pool is known to fit"
    yield f"\n{MARKS[report.outcome]} stack {report.stack}: {report.outcome}{unsure}", STYLES[report.outcome]


def _pool_lines(report: PoolReport, where: str) -> Iterator[tuple[str, str | None]]:
    pool = report.pool
    nodes = f"{pool.min_nodes} to {pool.max_nodes} x {pool.machine_type}, {pool.capacity.value}"
    yield f"\n{MARKS[report.outcome]} pool {pool.name}: {report.outcome} ({nodes})", STYLES[report.outcome]
    yield f"  {where}", None
    for finding in report.findings:
        yield f"  {MARKS[finding.outcome]} {finding.about}: {finding.sentence}", None
        if finding.way_out and finding.outcome is not Outcome.FITS:
            yield f"      → {finding.way_out}", "cyan"
    yield f"    on demand: {_against_catalog(_usd(report.on_demand), report.on_demand, report.catalog_on_demand)}", None
    if pool.capacity is CapacityType.SPOT:
        yield f"    spot: {_spot(report.spot, report.catalog_spot)}", None
    if report.alternative is not None:
        yield f"    instead: {_instead(report.alternative)}", None


def _usd(fact: Fact[float]) -> str:
    return f"unknown: {fact.reason}" if isinstance(fact, Unknown) else f"${fact.value:g} an hour"


def _against_catalog(live: str, fact: Fact[float], catalog: float | None) -> str:
    if catalog is None:
        return f"{live}; the catalog has no price of this region"
    if isinstance(fact, Unknown):
        return f"{live}; the catalog says ${catalog:g} an hour"
    return f"{live}, {difference(fact.value, catalog)}"


def difference(live: float, catalog: float) -> str:
    """How far the catalog's price is from the live one, in words."""
    if abs(live - catalog) < 0.5e-4:
        return "as in the catalog"
    if not catalog:
        return f"${catalog:g} in the catalog"
    return f"{(live / catalog - 1) * 100:+.1f}% from the catalog's ${catalog:g}"


def _spot(fact: Fact[Mapping[str, float]], catalog: float | None) -> str:
    says = f"; the catalog says ${catalog:g}" if catalog is not None else "; the catalog has none of this region"
    if isinstance(fact, Unknown):
        return f"unknown: {fact.reason}{says}"
    zones = ", ".join(f"{'all zones' if zone == '*' else zone} ${usd:g}" for zone, usd in fact.value.items())
    return f"{zones} an hour{says}"


def _instead(fact: Fact[Alternative]) -> str:
    if isinstance(fact, Unknown):
        return f"unknown: {fact.reason}" + (f" → {fact.way_out}" if fact.way_out else "")
    one = fact.value
    return (
        f"{one.pool.max_nodes} x {one.pool.machine_type}, {one.pool.capacity.value}, would fit: "
        f"${one.usd_per_hour:g} an hour each, ${one.usd_per_hour_at_most:g} with all"
    )
