"""Services that run a model without a cluster: their machines, what their image holds, what they cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from aigc.catalog.data import Row, read_yaml, typed
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import Machine, machines


class ManagedMachine(Row):
    """One machine type of a service; None is unknown."""

    cloud: Cloud
    machine_type: str
    machine: str | None
    """The row of machines.yaml that says what it carries; None: there is none, as of machines gone for long."""
    usd_per_hour: float | None
    price_region: str | None
    retired: str | None = None
    """Why it cannot be had, where machines.yaml has no row that says so."""
    accelerator_count: int = 0
    """Only of rows without `machine`."""
    source: tuple[str, ...]

    @property
    def carries(self) -> Machine | None:
        """What the machine is made of."""
        return machines(self.cloud).get(self.machine or "")

    @property
    def gone(self) -> str | None:
        """Why it cannot be had any more, with the date that is known; None: it can."""
        if self.retired or self.carries is None:
            return self.retired
        return self.carries.status if self.carries.retired else None


class ManagedImage(Row):
    """The image of Triton that the service's maker keeps for it."""

    upstream: str
    """Its row in versions.yaml."""
    python_packages: tuple[str, ...]
    """What a model's Python finds beside the standard library."""
    gpu_system_image: str
    """System image of GPU machines whose driver is new enough for it."""
    registries: dict[str, str]
    """Region -> account whose registry has it."""


class ManagedService(Row):
    """What one cloud calls its managed endpoints, and the bounds of them."""

    name: str
    uri_scheme: str
    """How an address of a folder in a bucket begins, without `://`."""
    fewest_instances: int
    fewest_because: str
    request_seconds: int
    """Longest time that an answer may take."""
    startup_seconds: tuple[int, int]
    """Shortest and longest wait for a machine that starts."""
    quota: str
    """What the account's quota of a machine type is called; `{machine_type}` stands for it."""
    image: ManagedImage
    source: tuple[str, ...]


class ManagedGap(Row):
    """Why a cloud's service is not one of them."""

    name: str
    because: str
    """A sentence without its full stop."""
    source: tuple[str, ...]


class Elsewhere(Row):
    """A service that a person may name where a stack file wants a cloud."""

    name: str
    words: tuple[str, ...]
    """How it may be written."""
    gone: str | None
    """Why it cannot be had any more, with the date that is known; None: it can."""
    instead: str
    source: tuple[str, ...]

    @property
    def no_cloud(self) -> str:
        """What is wrong with naming it, behind its name."""
        return f"cannot be had any more: {self.gone}" if self.gone else "is a service of a cloud, and no cloud"


class _File(Row):
    generated: str
    about: str
    sources: dict[str, str]
    gaps: dict[Cloud, ManagedGap]
    elsewhere: tuple[Elsewhere, ...]
    services: dict[Cloud, ManagedService]
    machines: tuple[ManagedMachine, ...]


@cache
def _file() -> _File:
    return typed(_File, read_yaml("managed.yaml"), "catalog/managed.yaml")


def managed_service(cloud: Cloud) -> ManagedService | None:
    """The service of a cloud; None where a model runs on a cluster only."""
    return _file().services.get(cloud)


def managed_gap(cloud: Cloud) -> ManagedGap | None:
    """Why the service of a cloud is not used; None where it is, and where the cloud is known to have none."""
    return _file().gaps.get(cloud)


def elsewhere(word: str) -> Elsewhere | None:
    """The service that somebody means who writes this word for a cloud."""
    return next((row for row in _file().elsewhere if word.strip().lower().replace(" ", "-") in row.words), None)


def all_elsewhere() -> tuple[Elsewhere, ...]:
    """Every row."""
    return _file().elsewhere


def clouds_with_managed_endpoints() -> tuple[Cloud, ...]:
    """The clouds that have one."""
    return tuple(_file().services)


@cache
def managed_machines(cloud: Cloud) -> Mapping[str, ManagedMachine]:
    """Every machine type of a cloud's service by its name."""
    return MappingProxyType({row.machine_type: row for row in _file().machines if row.cloud is cloud})


def managed_sources() -> Mapping[str, str]:
    """Where the facts are from, by the key the rows cite."""
    return MappingProxyType(_file().sources)


def nearest_living_managed(gone: ManagedMachine) -> ManagedMachine | None:
    """In place of one that is gone: of those that carry no less, the one whose plain machine is cheapest."""
    old = gone.carries
    count = (old.accelerator_count if old else None) or gone.accelerator_count
    memory_gib = (old.accelerator_memory_gib if old else None) or 0
    found = [
        (new.usd_per_hour_on_demand, row.machine_type, row)
        for row in managed_machines(gone.cloud).values()
        if row.gone is None
        and (new := row.carries) is not None
        and new.usd_per_hour_on_demand is not None
        and (new.accelerator_count or 0) >= count
        and (new.accelerator_memory_gib or 0) >= memory_gib
    ]
    return min(found)[2] if found else None
