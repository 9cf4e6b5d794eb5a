"""What a cluster costs beside its nodes (control plane, NAT, load balancer, disks), from services.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from aigc.catalog.data import Row, read_yaml, typed
from aigc.catalog.kinds import Cloud

HOURS_PER_MONTH = 730
"""365 x 24 / 12, as the clouds' own calculators count."""


class Per(StrEnum):
    """What there is one of for each price."""

    STACK = "stack"
    NODE = "node"
    NODE_GIB = "node_gib"
    """A GiB of the boot disk of a node."""
    STORED_GIB = "stored_gib"
    """A GiB that the stack keeps of it; a stack that keeps none has none of the service."""
    TRAFFIC = "traffic"
    """By volume, which no plan knows."""


class Unit(StrEnum):
    """What time a price is for."""

    HOUR = "hour"
    MONTH = "month"


class Service(Row):
    """One thing that a bill names; `usd` None is unknown."""

    cloud: Cloud
    service: str
    name: str
    """What a person reads."""
    per: Per
    unit: Unit
    usd: float | None
    region: str | None
    """Where the price holds; None: wherever the cloud is."""
    date: str | None
    """When the price was seen, year-month-day; None: its source does not say."""
    source: tuple[str, ...]
    note: str | None = None
    most: int | None = None
    """The price holds for up to so many; beyond it is unknown."""
    auto_mode: bool | None = None
    """Whether a stack has it only with EKS Auto Mode (true), or only without (false)."""

    def usd_per_month(self, region: str | None) -> float | None:
        """For one of it in a region; None where that is not known."""
        if self.usd is None or (self.region is not None and self.region != region):
            return None
        return self.usd * (HOURS_PER_MONTH if self.unit is Unit.HOUR else 1)


class _File(Row):
    generated: str
    about: str
    sources: dict[str, str]
    services: tuple[Service, ...]


@cache
def _file() -> _File:
    return typed(_File, read_yaml("services.yaml"), "catalog/services.yaml")


@cache
def services(cloud: Cloud) -> tuple[Service, ...]:
    """Every row of a cloud, in the order of the file; none for clusters that are somebody's already."""
    return tuple(row for row in _file().services if row.cloud is cloud)


def all_services() -> tuple[Service, ...]:
    """Every row."""
    return _file().services


def service_sources() -> Mapping[str, str]:
    """Where the prices are from, by the key the rows cite."""
    return MappingProxyType(_file().sources)
