"""How long batches of a model's requests take on a share of an accelerator, or why there is no saying."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aigc.catalog.accelerators import Accelerator
from aigc.catalog.model_work import ModelWork
from aigc.plan.cost_model.estimate import estimate
from aigc.plan.cost_model.physics import GB, does_not_fit
from aigc.plan.cost_model.profiles import Profile, profiles_of
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.roofline import ASSUMED, Efficiency, Roofs, roofs_of
from aigc.plan.cost_model.served_work import ServedWork, exceeds_context
from aigc.plan.fleet.rejected import Reason
from aigc.plan.fleet.shares import AcceleratorShare
from aigc.plan.fleet.wanted import RequestClass, WantedModel
from aigc.plan.mix.demand import Array

MS_A_SECOND = 1000


@dataclass(frozen=True)
class ServedModel:
    """A model of the problem with everything that its times come from."""

    wanted: WantedModel
    served: ServedWork
    profiles: tuple[Profile, ...] = ()
    efficiencies: Mapping[str, Efficiency] | None = None
    """By accelerator id, where profiles say more than the default."""

    @property
    def weight_bytes(self) -> float:
        """Bytes of its weights."""
        work = self.served.work
        return (self.wanted.weight_bytes or 0.0) if isinstance(work, Rejection) else work.weight_bytes


@dataclass(frozen=True)
class BatchTimes:
    """Of batches of 1, 2, ... requests, each as long as the longest of its classes."""

    ms: Array
    """By size; it never falls. Between sizes that were asked for it is linear, which is not below a roofline."""
    assumed: frozenset[str]
    """What nobody has measured, in words."""


@dataclass(frozen=True)
class NoTimes:
    """Why a share serves none of the requests."""

    reason: Reason
    sentence: str
    lacking_bytes: float | None = None
    """Of reason memory: how much more a batch of one needs."""
    least_p99_ms: float | None = None
    """Of reason objective: the smallest that an idle replica holds."""


def batch_times(model: ServedModel, classes: Sequence[RequestClass], share: AcceleratorShare) -> BatchTimes | NoTimes:
    """Times of every batch that fits, of requests of any of these classes."""
    return together([class_times(model, one, share) for one in classes])


def together(classes: Iterable[BatchTimes | NoTimes]) -> BatchTimes | NoTimes:
    """Of classes that share a replica: a batch takes as long as it does of the longest, and fits whichever it is."""
    ms: Array = np.zeros(0)
    assumed: set[str] = set()
    for found in classes:
        if isinstance(found, NoTimes):
            return found
        common = min(len(found.ms), len(ms) or len(found.ms))
        ms = np.maximum(found.ms[:common], ms[:common]) if len(ms) else found.ms
        assumed |= found.assumed
    return BatchTimes(ms, frozenset(assumed))


def class_times(model: ServedModel, one: RequestClass, share: AcceleratorShare) -> BatchTimes | NoTimes:
    """Times of every batch of one class that fits."""
    efficiency = (model.efficiencies or {}).get(share.accelerator.accelerator_id.partition("/")[0], ASSUMED)
    if profiles_of(model.profiles, model.served.model, share.accelerator.accelerator_id, one.request):
        return _one_by_one(model, one, share, efficiency)
    sizes: list[int] = []
    for size in _sizes(model.wanted.max_batch):
        if refused := _too_large(model, one, share, size):
            if not sizes:
                return refused
            break
        sizes.append(size)
    roofs = _roofs(model, one, share)
    if isinstance(roofs, Rejection):
        return NoTimes(Reason.NO_FACTS, roofs.reason)
    ms = roofs.batch_ms(np.array(sizes, np.float64), efficiency)
    return _between(sizes, share.turns * ms, frozenset(efficiency.assumptions()))


def _roofs(model: ServedModel, one: RequestClass, share: AcceleratorShare) -> Roofs | Rejection:
    work = model.served.work
    if isinstance(work, Rejection):
        return work
    refused = exceeds_context(model.served, one.request)
    return refused or roofs_of(model.served.model, work, share.accelerator, one.request)


def _one_by_one(
    model: ServedModel, one: RequestClass, share: AcceleratorShare, efficiency: Efficiency
) -> BatchTimes | NoTimes:
    """Where some batches were measured, and others may not be."""
    sizes: list[int] = []
    ms: list[float] = []
    assumed: set[str] = set()
    for size in _sizes(model.wanted.max_batch):
        if refused := _too_large(model, one, share, size):
            if not sizes:
                return refused
            break
        found = estimate(model.served, share.accelerator, one.request, size, model.profiles, efficiency)
        if isinstance(found, Rejection):
            if not sizes:
                return NoTimes(Reason.MEMORY if found.largest_batch is not None else Reason.NO_FACTS, found.reason)
            break
        # Where batches follow each other more slowly than one takes, the next one waits for the difference.
        took_ms = max(found.latency_ms, MS_A_SECOND * size / found.requests_per_second)
        sizes.append(size)
        ms.append(took_ms * share.turns)
        assumed.update(found.assumed)
    return _between(sizes, np.array(ms), frozenset(assumed))


def _between(sizes: Sequence[int], ms: Array, assumed: frozenset[str]) -> BatchTimes:
    every = np.interp(np.arange(1, sizes[-1] + 1), sizes, ms)
    return BatchTimes(np.maximum.accumulate(every), assumed)


def _sizes(largest: int) -> Iterator[int]:
    """1, 2, 4, ... and the largest."""
    size = 1
    while size < largest:
        yield size
        size *= 2
    yield largest


def _too_large(model: ServedModel, one: RequestClass, share: AcceleratorShare, size: int) -> NoTimes | None:
    """Why weights and caches exceed the memory of the share, measured or not."""
    room, work = share.memory_view, model.served.work
    if isinstance(work, ModelWork):
        refused = does_not_fit(room, work, one.request, size)
        lacking = _lacking_bytes(room, work.weight_bytes + size * work.kv_cache_bytes_per_token * one.request.tokens)
    elif share.turns > 1:
        return NoTimes(Reason.NO_FACTS, f"what a request of {model.wanted.name} keeps in a shared memory is not known")
    else:
        lacking = _lacking_bytes(room, model.weight_bytes)
        needs = f"{room.accelerator} has {room.memory_gb:g} GB, less than {model.weight_bytes / GB:.4g} GB of weights"
        refused = Rejection(needs, largest_batch=0) if lacking else None
    if refused is None:
        return None
    known = refused.largest_batch is not None
    return NoTimes(Reason.MEMORY if known else Reason.NO_FACTS, refused.reason, lacking if known else None)


def _lacking_bytes(room: Accelerator, needed_bytes: float) -> float:
    return max(0.0, needed_bytes - (room.memory_gb or 0.0) * GB)
