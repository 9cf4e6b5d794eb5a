"""TPUs that a cloud makes as machines of their own, without Kubernetes, from tpu_vms.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from aigc.catalog.data import Row, read_yaml, typed
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import Machine, machines

_UNITED_STATES = "us-"


class TpuVmKind(Row):
    """One version of TPU; None is unknown."""

    accelerator_id: str
    api_type: str | None
    """What the API calls it; None: it does not have it, and `gap` says why."""
    gap: str | None
    """A sentence without its full stop."""
    runtime_version: str | None
    """The system image for JAX and PyTorch."""
    zones_of_us: tuple[str, ...]
    """All of the United States that have it; of other continents nothing is said."""
    quota: str | None
    """What the account's quota of it is called."""
    quota_one_host: str | None
    """The quota in its place for a slice of one machine; None: the same."""
    quota_spot: str | None
    """The quota in its place for spot."""
    maybe_in_cores: bool
    """Whether a project's quota may count TensorCores, two a chip, in place of chips."""
    source: tuple[str, ...]

    def sold_in(self, zone: str) -> bool | None:
        """Whether a zone has it; None: nobody here knows."""
        return zone in self.zones_of_us if zone.startswith(_UNITED_STATES) else None

    @property
    def machines(self) -> tuple[Machine, ...]:
        """The rows of machines.yaml that carry it."""
        return tuple(row for row in machines(tpu_vm_cloud()).values() if row.accelerator_id == self.accelerator_id)


class _File(Row):
    generated: str
    cloud: Cloud
    about: str
    sources: dict[str, str]
    tpus: tuple[TpuVmKind, ...]


@cache
def _file() -> _File:
    return typed(_File, read_yaml("tpu_vms.yaml"), "catalog/tpu_vms.yaml")


def tpu_vm_cloud() -> Cloud:
    """The one cloud that has them."""
    return _file().cloud


@cache
def tpu_vm_kinds() -> Mapping[str, TpuVmKind]:
    """Every version by the id of its accelerator."""
    return MappingProxyType({row.accelerator_id: row for row in _file().tpus})


def tpu_vm_sources() -> Mapping[str, str]:
    """Where the facts are from, by the key the rows cite."""
    return MappingProxyType(_file().sources)
