"""Which machines of the catalog may be rented, at what price, and what each has to put replicas on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from aigc.catalog.accelerators import accelerators
from aigc.catalog.grid_carbon import grams_co2e_per_hour
from aigc.catalog.kinds import CapacityType, Cloud
from aigc.catalog.machines import Machine, all_machines
from aigc.config.problems import one_of
from aigc.plan.capacity import allocatable
from aigc.plan.devices import accelerators_per_node, devices_per_replica
from aigc.plan.fleet.rejected import Reason, RejectedMachine
from aigc.plan.fleet.shares import AcceleratorShare, shares_of
from aigc.plan.fleet.wanted import CLOUDS, GRAMS_CO2E, WATTS, PodSize, WantedFleet
from aigc.plan.quota import QuotaShare, quota_shares

Device = tuple[str, str, CapacityType]
"""Accelerator, the name of its share, and how it is paid for."""


@dataclass(frozen=True)
class Offer:
    """A machine type, paid for in one way and with its accelerators cut in one way."""

    machine: Machine
    capacity: CapacityType
    share: AcceleratorShare
    usd_per_hour: float
    replicas: int
    """That one machine has room for."""
    quotas: Mapping[str, float]
    """What one machine counts in each quota that limits, by code."""

    @property
    def device(self) -> Device:
        """Replicas on offers of the same device are as fast as each other."""
        return self.machine.accelerator_id or "", self.share.name, self.capacity

    @property
    def watts(self) -> float | None:
        """Design power of all its accelerators; None is unknown."""
        return watts_of(self.machine)


@dataclass(frozen=True)
class Offers:
    """What can be rented, and what cannot."""

    offers: tuple[Offer, ...]
    rejected: tuple[RejectedMachine, ...]


def offers_for(wanted: WantedFleet, rows: Iterable[Machine] | None = None) -> Offers:
    """Every machine of the clouds that may be used, as an offer or with the reason why it is none.

    Args:
        wanted: Its clouds, regions, ways to pay and quotas.
        rows: The machines; those of the catalog where it is left out.
    """
    offers: list[Offer] = []
    rejected: list[RejectedMachine] = []
    for machine in all_machines() if rows is None else rows:
        if machine.cloud not in (wanted.clouds or CLOUDS):
            continue
        for capacity in wanted.capacity:
            refused = _refused(machine, capacity, wanted)
            if refused is None:
                offers += _offered(machine, capacity, wanted.limits, pods_held(machine, wanted.largest_pod))
            else:
                rejected.append(RejectedMachine(machine.cloud, machine.machine_type, capacity, *refused))
    return Offers(tuple(offers), tuple(rejected))


def price_of(machine: Machine, capacity: CapacityType) -> float | None:
    """$ an hour; None is unknown, as of every reservation and of flex-start: the catalog has neither price."""
    if capacity is CapacityType.ON_DEMAND:
        return machine.usd_per_hour_on_demand
    return machine.usd_per_hour_spot if capacity is CapacityType.SPOT else None


def watts_of(machine: Machine) -> float | None:
    """Design power of all accelerators of a machine, of which nothing else is counted; None is unknown."""
    accelerator = accelerators().get(machine.accelerator_id or "")
    if accelerator is None or accelerator.tdp_w is None:
        return None
    return accelerator.tdp_w * accelerators_per_node(machine)


def _refused(machine: Machine, capacity: CapacityType, wanted: WantedFleet) -> tuple[Reason, str] | None:
    """Why nobody can be served by it, whatever the model."""
    regions = (wanted.clouds or {}).get(Cloud(machine.cloud))
    if machine.retired:
        return Reason.RETIRED, machine.status
    if regions is not None and machine.price_region not in regions:
        known = f"the catalog knows it in {machine.price_region or 'no region'} alone"
        return Reason.NOT_SOLD, f"{known}, not in {one_of(regions)}"
    if unknown := _unknown(machine):
        return Reason.NO_FACTS, unknown
    if price_of(machine, capacity) is None:
        return Reason.PRICE, f"nobody has sourced its price {capacity.replace('_', ' ')}"
    if pods_held(machine, wanted.largest_pod) < 1:
        return Reason.NO_ROOM, "its processors or its memory are too small for the largest pod"
    return _beyond_quota(machine, capacity, wanted.limits)


def _unknown(machine: Machine) -> str | None:
    """What the catalog lacks to say what the machine computes."""
    if not machine.accelerator_id:
        return "it has no accelerator, and the catalog has no peaks of processors"
    if machine.accelerator_id not in accelerators():
        return f"the catalog has nothing on what {machine.accelerator} can do"
    if machine.accelerator_count is None or machine.accelerator_count < 1:
        return "the catalog does not say what a slice of an accelerator computes"
    return None


def _beyond_quota(machine: Machine, capacity: CapacityType, limits: Mapping[str, float]) -> tuple[Reason, str] | None:
    for counted in _limited(machine, capacity, limits):
        if counted.each is None:
            return Reason.NO_FACTS, f"how many {counted.unit} it counts in {counted.code} is not known"
        limit = limits[counted.code or ""]
        if counted.each > limit:
            needed = f"one counts {counted.each:g} {counted.unit} in {counted.code}"
            return Reason.QUOTA, f"{needed}, the limit is {limit:g}"
    return None


def _limited(machine: Machine, capacity: CapacityType, limits: Mapping[str, float]) -> Iterator[QuotaShare]:
    watts = watts_of(machine)
    grams = grams_co2e_per_hour(machine.cloud, machine.price_region, watts)
    ours = (
        QuotaShare("design power of accelerators", WATTS, "W", watts),
        QuotaShare("emissions for it", GRAMS_CO2E, "g CO2e an hour", grams),
    )
    return (one for one in (*quota_shares(machine, capacity), *ours) if one.code in limits)


def pods_held(machine: Machine, pod: PodSize | None) -> float:
    """Pods of this size that processors and memory of a machine have room for; what nobody knows does not limit."""
    if pod is None:
        return math.inf
    there = zip(allocatable(machine), (pod.cpu_millicores, pod.memory_mib), strict=True)
    return min((room // each for room, each in there if room is not None and each), default=math.inf)


def _offered(
    machine: Machine, capacity: CapacityType, limits: Mapping[str, float], most_pods: float
) -> Iterator[Offer]:
    usd = price_of(machine, capacity)
    assert usd is not None  # noqa: S101 - `_refused` has seen to it
    quotas = {str(one.code): one.each or 0.0 for one in _limited(machine, capacity, limits)}
    held = accelerators_per_node(machine) // devices_per_replica(machine)
    for share in shares_of(machine, accelerators()[machine.accelerator_id or ""]):
        yield Offer(machine, capacity, share, usd, int(min(held * share.parts, most_pods)), quotas)


def counted_codes(rows: Iterable[Machine] | None = None) -> set[str]:
    """Codes of every quota that some machine counts in."""
    every = all_machines() if rows is None else rows
    ways = (CapacityType.ON_DEMAND, CapacityType.SPOT)
    shares = (one for machine in every for way in ways for one in quota_shares(machine, way))
    return {one.code for one in shares if one.code is not None}
