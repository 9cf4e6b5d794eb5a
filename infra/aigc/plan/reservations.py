"""Capacity that is reserved: a pool names its reservation, and a reservation that is over is no capacity.

No clock shapes a plan, so whether one is over is asked only where a moment is given: by `validate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from aigc.catalog.kinds import CapacityType, Cloud
from aigc.config.problems import Problem, printable
from aigc.config.spec import PoolSpec, StackSpec
from aigc.plan.capacity import capacity_of

_CLOUDS = (Cloud.AWS, Cloud.GCP)
"""Where a pool's nodes are matched to a reservation."""
_AWS_ID = re.compile(r"cr-[0-9a-f]{17}")
"""Of On-Demand Capacity Reservations and of Capacity Blocks alike."""
_UNTIL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z")
BLOCK_DRAINS = timedelta(minutes=40)
"""EKS takes a group's nodes away so long before its Capacity Block ends (EKS user guide, capacity-blocks-mng)."""
Where = tuple[str, str]


def reservation_problems(spec: StackSpec, path: Where, pool: PoolSpec) -> Iterator[Problem]:
    """Everything about a pool's reservation that can be said without asking the cloud or a clock."""
    reserved = capacity_of(spec, pool) is CapacityType.RESERVED
    if reserved and spec.cloud not in _CLOUDS:
        yield Problem(
            (*path, "capacity"), f"no reservation can be used yet on {spec.cloud}", "choose on_demand or spot"
        )
    elif reserved and pool.reservation is None:
        yield Problem(
            (*path, "reservation"), "is missing: capacity is reserved", "name it, or choose on_demand or spot"
        )
    for key in ("reservation", "capacity_block", "reservation_until"):
        if getattr(pool, key) and not reserved:
            yield Problem((*path, key), "means nothing without capacity: reserved", "write that too, or remove it")
    if pool.reservation_until and until_of(pool) is None:
        yield Problem(
            (*path, "reservation_until"),
            f"{printable(pool.reservation_until)} is no moment in UTC",
            'write it like "2027-01-31T11:30Z", in quotes',
        )
    if reserved and spec.cloud is Cloud.AWS:
        yield from _aws(spec, path, pool)
    elif pool.capacity_block:
        yield Problem((*path, "capacity_block"), f"means nothing on cloud {spec.cloud}", "remove it")


def _aws(spec: StackSpec, path: Where, pool: PoolSpec) -> Iterator[Problem]:
    if pool.reservation is not None and not _AWS_ID.fullmatch(pool.reservation):
        yield Problem(
            (*path, "reservation"),
            f"{printable(pool.reservation)} is no id of a Capacity Reservation",
            "they look like cr-0123456789abcdef0; `aws ec2 describe-capacity-reservations` lists yours",
        )
    zones = pool.zones or spec.zones
    if len(zones) > 1:
        yield Problem(
            (*path, "zones"),
            f"are {len(zones)}, and a Capacity Reservation lies in one: nodes of the others would never come",
            f"name its zone alone, for instance zones: [{zones[0]}]",
        )
    if pool.capacity_block and pool.min_nodes:
        yield Problem(
            (*path, "min_nodes"),
            f"is {pool.min_nodes}: outside its days a Capacity Block has no machine, and the group would fail",
            "use 0; pods that wait bring nodes once it has begun",
        )


def until_of(pool: PoolSpec) -> datetime | None:
    """When a pool's reservation ends; None where that is not said, or not in words that are understood."""
    if pool.reservation_until is None or not _UNTIL.fullmatch(pool.reservation_until):
        return None
    try:
        return datetime.fromisoformat(pool.reservation_until)
    except ValueError:
        return None


def expiry_problems(spec: StackSpec, now: datetime) -> Iterator[Problem]:
    """Reservations that are over at `now`, which has a time zone; a Capacity Block's nodes go before it ends."""
    for name, pool in spec.pools.items():
        until = until_of(pool)
        if until is None:
            continue
        last = until - BLOCK_DRAINS if pool.capacity_block else until
        if last <= now:
            before = f" (its nodes go {BLOCK_DRAINS.seconds // 60} minutes before)" if pool.capacity_block else ""
            yield Problem(
                ("pools", name, "reservation_until"),
                f"{pool.reservation} ended at {until:%Y-%m-%dT%H:%MZ}{before}: its pool gets no node any more",
                "extend the reservation and write its new end, or choose another capacity",
            )
