"""What machines cost: the catalog's own prices, of one region a cloud, and dated snapshots of any region.

`python -m scripts pin --prices` writes a snapshot, which is committed: a plan looks up nothing, so one commit stays one
plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Self

from pydantic import Field, model_validator

from aigc.catalog.data import Row, catalog_path, read_yaml, typed
from aigc.catalog.faults import fail
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import Machine

_Usd = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class SnapshotPrice(Row):
    """US dollars an hour of one machine type; None was not to be had on that day."""

    on_demand: _Usd | None
    spot: _Usd | None
    """The lowest of the region's zones: their letters mean other places in another account."""

    @model_validator(mode="after")
    def _spot_is_bounded(self) -> Self:
        # On-demand is the upper bound of what a node on spot costs.
        if self.on_demand is not None and self.spot is not None and self.spot > self.on_demand:
            raise ValueError(f"spot {self.spot:g} is above on demand {self.on_demand:g}")
        return self


class PriceSnapshot(Row):
    """What a region's machines cost on one day."""

    cloud: Cloud
    region: str
    date: date
    """When the prices were asked for, in UTC."""
    source: str
    """Who was asked."""
    machines: dict[str, SnapshotPrice]


@dataclass(frozen=True)
class NodePrice:
    """US dollars an hour of a machine in a region; None is unknown."""

    on_demand: float | None
    spot: float | None
    asked_on: date | None = None
    """Day of the snapshot that both are of; None: they are the catalog's own."""


def snapshot_name(cloud: Cloud, region: str) -> str:
    """A snapshot's file, below the catalog."""
    return f"prices/{cloud}-{region}.yaml"


@cache
def snapshot(cloud: Cloud, region: str) -> PriceSnapshot | None:
    """The snapshot of a region; None where nobody has made one.

    Raises:
        UserError: the file is broken, or is another region's.
    """
    name = snapshot_name(cloud, region)
    if not catalog_path(name).is_file():
        return None
    found = typed(PriceSnapshot, read_yaml(name), f"catalog/{name}")
    if (found.cloud, found.region) != (cloud, region):
        raise fail(f"catalog/{name}", f"is of {found.cloud} {found.region}", "call it after its cloud and region")
    return found


def price_in(machine: Machine, region: str | None) -> NodePrice | None:
    """What a machine costs in a region; None where no price of that region is known.

    Both prices are of one day: the snapshot's where it has the machine on demand, else the catalog's own.
    """
    taken = snapshot(Cloud(machine.cloud), region) if region else None
    row = taken.machines.get(machine.machine_type) if taken else None
    if taken and row and row.on_demand is not None:
        return NodePrice(row.on_demand, row.spot, taken.date)
    if machine.price_region != region:
        return None
    return NodePrice(machine.usd_per_hour_on_demand, machine.usd_per_hour_spot)
