"""Pools: machines that hold the same kind of replicas, and what of a pool is still there when something breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aigc.plan.fleet.offers import Device, Offer
from aigc.plan.fleet.wanted import Survival, WantedFleet


@dataclass(frozen=True)
class Pool:
    """Where replicas of one kind of share can be put."""

    device: Device
    offers: tuple[Offer, ...]
    zones: int = 1
    """It has the same machines and replicas in each of so many, and is counted by one of them."""
    serving_zones: int = 1
    """Those that are left when one is lost, where that must not matter."""
    machine_may_fail: bool = False
    """Then its machines have room for equally many replicas."""

    @property
    def key(self) -> tuple[Device, int, int]:
        """What tells it from the others of a programme."""
        return self.device, self.zones, self.replicas_a_machine if self.machine_may_fail else 0

    @property
    def replicas_a_machine(self) -> int:
        """Most that are lost with one machine."""
        return max(offer.replicas for offer in self.offers)


def pools_of(wanted: WantedFleet, offers: Sequence[Offer]) -> Iterator[Pool]:
    """Every pool that the offers can make.

    To survive a zone, a pool has equal parts in two or more zones, of which one does not count. To survive a machine,
    replicas are spread over machines of one size: in turn, none gets two of the same kind unless all have one.
    """
    by_kind: dict[tuple[Device, int], list[Offer]] = {}
    apart = wanted.survive is Survival.MACHINE
    for offer in undominated(offers):
        by_kind.setdefault((offer.device, offer.replicas if apart else 0), []).append(offer)
    parts = range(2, wanted.zones + 1) if wanted.survive is Survival.ZONE else (1,)
    for (device, _), alike in by_kind.items():
        for zones in parts:
            yield Pool(device, tuple(alike), zones, max(1, zones - 1), apart)


def undominated(offers: Sequence[Offer]) -> list[Offer]:
    """Offers without those that some number of machines of another one replaces at no more cost, room or quota."""
    by_device: dict[Device, list[Offer]] = {}
    for offer in offers:
        by_device.setdefault(offer.device, []).append(offer)
    kept = {id(offer) for alike in by_device.values() for offer in _undominated(alike)}
    return [offer for offer in offers if id(offer) in kept]


def _undominated(alike: Sequence[Offer]) -> list[Offer]:
    kept = list(alike)
    for one in sorted(alike, key=lambda offer: -offer.usd_per_hour):
        if any(other is not one and _replaces(other, one) for other in kept):
            kept = [other for other in kept if other is not one]
    return kept


def _replaces(other: Offer, one: Offer) -> bool:
    if other.replicas > one.replicas:
        return False
    number = -(-one.replicas // other.replicas)
    cheaper = number * other.usd_per_hour <= one.usd_per_hour * (1 + 1e-12)
    return cheaper and all(number * each <= one.quotas.get(code, 0.0) for code, each in other.quotas.items())
