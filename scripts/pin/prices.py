"""Asks what the catalog's machines cost in a region, and makes a snapshot of the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from aigc.catalog.faults import Fault, UserError, fail
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import machines
from aigc.catalog.prices import PriceSnapshot, SnapshotPrice, snapshot_name
from aigc.config.problems import printable
from aigc.config.stack_file import parse_stack_file
from aigc.config.stacks import stack_names, stack_path
from aigc.plan.checks_cluster import region_problems
from scripts.capacity.contract import LivePrices, clouds_with_prices, open_prices, prices_from
from scripts.capacity.facts import Deadline, Fact, Known, Unknown
from scripts.progress import Progress

_HEAD = "# Written by `python -m scripts pin --prices`. US dollars an hour, Linux; null was not to be had.\n"
_NEWS_EVERY = 20
"""Machines between two lines of progress: a price is a question each."""


@dataclass(frozen=True)
class Place:
    """A region of a cloud."""

    cloud: Cloud
    region: str

    def __str__(self) -> str:
        return f"{self.cloud} {self.region}"


@dataclass(frozen=True)
class Asked:
    """The answers of a region."""

    place: Place
    snapshot: PriceSnapshot
    gaps: tuple[str, ...]
    """A sentence for every price that was not to be had."""

    @property
    def says_something(self) -> bool:
        """Whether a plan would read any of it: without its on-demand price a machine's spot price has no bound."""
        return any(price.on_demand is not None for price in self.snapshot.machines.values())

    def counted(self) -> str:
        """How many prices there are of how many machines."""
        rows = self.snapshot.machines.values()
        on_demand, spot = (sum(usd is not None for usd in column) for column in
                           zip(*((row.on_demand, row.spot) for row in rows), strict=True))  # fmt: skip
        return f"{len(rows)} machines, {on_demand} on demand, {spot} spot"


def places(cloud: str | None, regions: Sequence[str]) -> tuple[Place, ...]:
    """The regions to ask about: those named, else those of the stacks.

    Raises:
        UserError: a cloud that does not say what a machine costs, or a region that it would not call so.
    """
    known = clouds_with_prices()
    if cloud is None and regions:
        raise fail("--region", f"{printable(regions[0])} is of which cloud?", f"add --cloud {' or '.join(known)}")
    if cloud is not None and cloud not in known:
        way_out = f"name one of {', '.join(known)}; for others the prices in infra/aigc/catalog/machines.yaml count"
        raise fail(f"--cloud {printable(cloud)}", "no API of it says what a machine costs", way_out)
    if cloud is not None and regions:
        wrong = [bad for region in regions for bad in region_problems(Cloud(cloud), region)]
        if wrong:
            raise UserError(Fault("--region", bad.problem, bad.way_out) for bad in wrong)
        return tuple(Place(Cloud(cloud), region) for region in dict.fromkeys(regions))
    found = dict.fromkeys(_places_of_stacks((cloud,) if cloud else known))
    if not found:
        raise fail("stacks/", f"no stack is on {cloud or ' or '.join(known)}", "name a --cloud and a --region")
    return tuple(found)


def _places_of_stacks(clouds: Sequence[str]) -> Iterator[Place]:
    for spec in (parse_stack_file(stack_path(name)) for name in stack_names()):
        if spec.cloud in clouds and spec.region:
            yield Place(spec.cloud, spec.region)


def ask_prices(place: Place, seconds: float, today: date, progress: Progress) -> Asked:
    """Every machine of the catalog that can be had, on demand and on spot.

    Raises:
        UserError: no credentials where the cloud wants some, or not all was asked within `seconds`.
    """
    with progress.step(f"prices of {place}") as step:
        deadline = Deadline(seconds)
        live = open_prices(place.cloud, place.region, deadline)
        names = [row.machine_type for row in machines(place.cloud).values() if row.is_one_machine and not row.retired]
        on_demand = _on_demand(live, names, progress)
        spot = live.spot(names)
        if late := deadline.passed():
            raise fail("--timeout", late.reason, f"{late.way_out}; nothing is written")
        gaps: list[str] = []
        rows = {name: _row(name, on_demand[name], spot[name], gaps) for name in sorted(names)}
        taken = PriceSnapshot(cloud=place.cloud, region=place.region, date=today, source=prices_from(place.cloud),
                              machines=rows)  # fmt: skip
        asked = Asked(place, taken, tuple(gaps))
        step.detail = asked.counted()
    return asked


def _on_demand(live: LivePrices, names: Sequence[str], progress: Progress) -> Mapping[str, Fact[float]]:
    found: dict[str, Fact[float]] = {}
    for start in range(0, len(names), _NEWS_EVERY):
        found |= live.on_demand(names[start : start + _NEWS_EVERY])
        progress.note(f"{len(found)} of {len(names)} machines")
    return found


def _row(name: str, on_demand: Fact[float], zones: Fact[Mapping[str, float]], gaps: list[str]) -> SnapshotPrice:
    usd = _known(f"{name} on demand", on_demand, gaps)
    # A zone's letter means another place in another account; the lowest of all bounds every zone from below.
    lowest = Known(min(zones.value.values())) if isinstance(zones, Known) else zones
    spot = _known(f"{name} on spot", lowest, gaps)
    if usd is not None and spot is not None and spot > usd:
        gaps.append(f"{name} on spot: ${spot:g} is above ${usd:g} on demand, which bounds it in a plan")
        spot = None
    return SnapshotPrice(on_demand=usd, spot=spot)


def _known(what: str, fact: Fact[float], gaps: list[str]) -> float | None:
    if isinstance(fact, Unknown):
        gaps.append(f"{what}: {fact.reason}" + (f" → {fact.way_out}" if fact.way_out else ""))
        return None
    return fact.value


def name_of(place: Place) -> str:
    """The snapshot's file, below the catalog."""
    return snapshot_name(place.cloud, place.region)


def as_text(snapshot: PriceSnapshot) -> str:
    """The file of a snapshot: the same answers make the same text, a machine a line."""
    content: dict[str, Any] = snapshot.model_dump(mode="json")
    return _HEAD + yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=120)
