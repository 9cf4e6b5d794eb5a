"""Which share of an accelerator serves which requests of a model within their objective, how many, and why not."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from aigc.catalog.kinds import CapacityType
from aigc.plan.fleet.batch_times import MS_A_SECOND, BatchTimes, NoTimes, ServedModel, class_times, together
from aigc.plan.fleet.offers import Device, Offer
from aigc.plan.fleet.rejected import Reason, RejectedShare
from aigc.plan.fleet.shares import AcceleratorShare, kind_name
from aigc.plan.fleet.wanted import RequestClass
from aigc.plan.mix.demand import Array


class LargestRate(Protocol):
    """What a replica that takes requests in batches serves within an objective."""

    def __call__(self, batch_ms: Array, p99_ms: float) -> float:
        """Requests/s up to which 99% of requests take at most so long, waiting included; 0 where none.

        Never more than full batches one after the other serve, never less at a looser objective.

        Args:
            batch_ms: Times of batches of 1, 2, ... requests, the last of the largest.
            p99_ms: The objective.
        """


@dataclass(frozen=True)
class Group:
    """Classes of one model whose requests share replicas: all are held to the longest of them and the tightest."""

    model: ServedModel
    classes: tuple[RequestClass, ...]

    @property
    def traffic(self) -> float:
        """Requests/s of its classes."""
        return self.model.wanted.requests_per_second * math.fsum(one.share for one in self.classes)

    @property
    def p99_ms(self) -> float:
        """The tightest objective."""
        return min(one.p99_ms or self.model.wanted.p99_ms for one in self.classes)

    @property
    def names(self) -> tuple[str, ...]:
        """Of its classes."""
        return tuple(one.name for one in self.classes)


@dataclass
class Candidate:
    """Replicas of a group on a share; the rate is found when it is asked for, since a queue takes long to solve."""

    group: Group
    device: Device
    times: BatchTimes
    usable: float
    """Share of the replicas that counts at any time: of spot, what is not interrupted."""
    largest_rate: LargestRate
    _rate: float | None = field(default=None, init=False, repr=False)

    @cached_property
    def most_per_second(self) -> float:
        """No replica serves more, whatever the queue: batches of the best size one after the other."""
        return self.usable * MS_A_SECOND * float((np.arange(1, len(self.times.ms) + 1) / self.times.ms).max())

    @property
    def requests_per_second(self) -> float:
        """What one replica serves within the objective, times the share of replicas that counts."""
        return self.usable * self.ask()

    def ask(self) -> float:
        """Requests/s that one replica serves within the objective while it is there."""
        if self._rate is None:
            self._rate = self.largest_rate(self.times.ms, self.group.p99_ms)
        return self._rate

    @property
    def known(self) -> bool:
        """Whether the rate was asked for."""
        return self._rate is not None


@dataclass(frozen=True)
class Candidates:
    """All that might serve, and what does not."""

    candidates: tuple[Candidate, ...]
    rejected: tuple[RejectedShare, ...]


def groups_of(model: ServedModel) -> Iterator[Group]:
    """Every set of the model's classes that may share replicas."""
    classes = model.wanted.classes
    for size in range(1, len(classes) + 1):
        for chosen in itertools.combinations(classes, size):
            yield Group(model, chosen)


def candidates_for(
    models: Sequence[ServedModel], offers: Sequence[Offer], largest_rate: LargestRate, spot_interrupted: float = 0.0
) -> Candidates:
    """Candidates on every kind of share that the offers have, whatever machine it is in."""
    shares = {offer.device: offer.share for offer in offers}
    kinds = {device[:2]: share for device, share in shares.items()}
    found: list[Candidate] = []
    rejected: list[RejectedShare] = []
    for model in (model for model in models if model.wanted.requests_per_second):
        classes = model.wanted.classes
        alone = {(one.name, kind): _times(model, one, share) for one in classes for kind, share in kinds.items()}
        for group in groups_of(model):
            judged = {kind: _within(group, together(alone[name, kind] for name in group.names)) for kind in kinds}
            rejected += [_rejected(group, kind, why) for kind, why in judged.items() if isinstance(why, NoTimes)]
            if model.wanted.one_endpoint and group.classes != classes:
                continue
            for device in shares:
                if isinstance(times := judged[device[:2]], BatchTimes):
                    usable = 1 - spot_interrupted * (device[2] is CapacityType.SPOT)
                    found.append(Candidate(group, device, times, usable, largest_rate))
    return Candidates(tuple(found), tuple(rejected))


def _times(model: ServedModel, one: RequestClass, share: AcceleratorShare) -> BatchTimes | NoTimes:
    """As long as batches take where the model may run at all."""
    accelerator_id = share.accelerator.accelerator_id.partition("/")[0]
    names = (accelerator_id, kind_name(accelerator_id, share.name))
    if model.wanted.accelerators is None or any(name in model.wanted.accelerators for name in names):
        return class_times(model, one, share)
    return NoTimes(Reason.LEFT_OUT, f"the file leaves it out for {model.wanted.name}")


def _within(group: Group, times: BatchTimes | NoTimes) -> BatchTimes | NoTimes:
    """The batches that could end within the objective, if none of their requests had waited."""
    if isinstance(times, NoTimes):
        return times
    within = int(np.searchsorted(times.ms, group.p99_ms, side="right"))
    if within:
        return BatchTimes(times.ms[:within], times.assumed)
    alone_ms = float(times.ms[0])
    sentence = f"alone on an idle replica a request takes {alone_ms:.4g} ms, the objective is {group.p99_ms:g} ms"
    return NoTimes(Reason.OBJECTIVE, sentence, least_p99_ms=alone_ms)


def _rejected(group: Group, kind: tuple[str, str], why: NoTimes) -> RejectedShare:
    name = group.model.wanted.name
    return RejectedShare(name, group.names, *kind, why.reason, why.sentence, why.least_p99_ms, why.lacking_bytes)


def rejected_by_queue(candidate: Candidate) -> RejectedShare:
    """A share on which an idle replica would be in time, and the queue says that no rate is."""
    alone_ms = float(candidate.times.ms[0])
    sentence = f"a request takes {alone_ms:.4g} ms alone, but at no rate do 99% take at most {candidate.group.p99_ms:g}"
    return _rejected(candidate.group, candidate.device[:2], NoTimes(Reason.OBJECTIVE, sentence))
