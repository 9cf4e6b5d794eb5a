"""Latencies of the requests of a chain: from arrival to the end of their batch.

Arrivals see time averages (they are Poisson), so requests are counted by what they find:

* An instance is free, or the window of the batch that they join is still open when one is: they wait for the window.
* No instance is free: `elapsed` seconds ago the last batch started, and Poisson arrivals since then are ahead, with
  those it left behind. They wait for one completion, and one more for each full batch ahead.

How late a request's batch starts decides how many join it afterwards, and so how long the batch takes.

Several instances are no more exact. What they add to the chain of one that is so much faster: instances that are busy
end scattered uniformly, not evenly, so that a completion may be long in coming; and where some are free, several
batches start before one has to wait (`BatchQueue`, after Erlang).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.signal import fftconvolve
from scipy.special import betaincinv, gammaincinv, pdtrc

from aigc.plan.queueing.chain import NEGLIGIBLE, Chain, Window, poisson
from aigc.plan.queueing.service import Array, ServiceTimes

CELLS = 32
"""Of a span of time that is summed up: its width is at most this share of its end."""
NODES = 8
"""Equally likely places of a request between the first and the last of its batch, or of a completion."""
DEVIATIONS = 6
"""Standard deviations of a Poisson number that are counted."""
ROUNDING = 1e-12
MIDDLES = (np.arange(NODES) + 0.5) / NODES


@dataclass(frozen=True)
class Waits:
    """Requests by how long they wait and by the batch they get into; counted per batch of the chain."""

    seconds: Array
    counts: Array
    """A row for each wait, a column for each size."""


def waits(chain: Chain, instances: int, spells: float) -> Iterator[Waits]:
    """All requests; `spells` is how many batches start on a free instance before all are busy again."""
    yield from _in_windows(chain, spells)
    yield from _behind_batches(chain, instances)


def _in_windows(chain: Chain, spells: float) -> Iterator[Waits]:
    """Members of batches whose window is open when an instance is free."""
    window, full = chain.window, chain.window.max_batch
    ends, openers = _openers(chain)
    openers[0] *= spells
    short = window.sizes[:-1] * openers.sum()
    sizes = np.arange(1.0, full)
    yield Waits(np.array([window.seconds]), short[None, :] @ np.eye(full - 1, full))
    others = np.repeat((short * (sizes - 1))[None, :] / NODES, NODES, axis=0) @ np.eye(full - 1, full)
    yield Waits(MIDDLES * window.seconds, others)
    for filled, chance in zip(*_fillings(chain), strict=True):
        start = np.maximum(ends, filled)
        counts = openers * chance
        yield _all_full(start, counts, full)
        if full > 1:
            yield _all_full(start - filled, counts, full)
        if full > 2:
            between = (start[:, None] - filled * MIDDLES).ravel()
            yield _all_full(between, np.repeat(counts, NODES) * (full - 2) / NODES, full)


def _all_full(seconds: Array, counts: Array, full: int) -> Waits:
    by_size = np.zeros((len(seconds), full))
    by_size[:, -1] = counts
    return Waits(seconds, by_size)


def _openers(chain: Chain) -> tuple[Array, Array]:
    """When an instance is free after a window opened, and how many windows open so; first those that find one free."""
    window = chain.window
    ends, openers = [0.0], [chain.idle]
    longest = min(window.seconds, float(chain.gaps.max()))
    edges = np.linspace(0, longest, CELLS + 1) if longest > 0 else np.zeros(1)
    for low, high in pairwise(edges):
        near, far = (np.exp(-window.rate * (chain.gaps - np.minimum(chain.gaps, edge))) for edge in (low, high))
        ends.append((low + high) / 2)
        openers.append(float(chain.started @ (far - near) @ chain.times.chances))
    return np.array(ends), np.array(openers)


def _fillings(chain: Chain) -> tuple[Array, Array]:
    """When a batch is full after its window opened, while it is open, with the chances of it."""
    window, others = chain.window, chain.window.max_batch - 1
    if others == 0 or window.seconds == 0:
        return np.zeros(1), window.sizes[-1:]
    edges = np.linspace(0, window.seconds, CELLS + 1)
    return (edges[:-1] + edges[1:]) / 2, np.diff(pdtrc(others - 1.0, window.rate * edges))


def _behind_batches(chain: Chain, instances: int) -> Iterator[Waits]:
    """Requests that arrive while no instance is free, and start when one is."""
    regular = chain.window.mean_seconds
    for (size, column), seconds in np.ndenumerate(chain.times.seconds):
        gap, chance = seconds / instances, float(chain.times.chances[column])
        to_go = gap * (np.arange(CELLS) + 0.5) / CELLS
        each = chain.window.rate * gap / CELLS * chance
        if (started := float(chain.started[size])) > NEGLIGIBLE:
            ends = _completions(to_go, seconds, instances, min(regular, gap))
            yield from _queued(chain, ends, _ahead_of_some(chain.window, gap, to_go) * (each * started))
        if size == chain.window.max_batch - 1 and chain.left.sum() > NEGLIGIBLE:
            ends = _completions(to_go, seconds, instances, 0.0)
            yield from _queued(chain, ends, _ahead_with_left(chain, gap, to_go) * each)


def _queued(chain: Chain, ends: Sequence[Array], ahead: Array) -> Iterator[Waits]:
    """Requests by how many are ahead (columns) when the next ends of busy instances are known (rows of each)."""
    full = chain.window.max_batch
    places = np.pad(ahead, ((0, 0), (0, -ahead.shape[1] % full)))
    for number, batch in enumerate(np.split(places, places.shape[1] // full, axis=1)):
        if batch.sum() > NEGLIGIBLE * chain.window.rate * chain.gaps.min():
            rounds = _full_batches(chain.times, number // len(ends))
            end = (ends[number % len(ends)][:, :, None] + rounds).reshape(len(batch), -1)
            nodes = end.shape[1]
            yield _joined(end.ravel(), np.repeat(batch / nodes, nodes, axis=0), chain.window.rate)


def _full_batches(times: ServiceTimes, number: int) -> Array:
    """Nodes of what so many full batches take one after the other, by a gamma distribution where it is uncertain."""
    mean = float(times.means[-1])
    variance = float((times.seconds[-1] - mean) ** 2 @ times.chances)
    if number == 0 or variance <= ROUNDING * mean**2:
        return np.array([number * mean])
    nodes: Array = gammaincinv(number * mean**2 / variance, MIDDLES) * variance / mean
    return nodes


def _completions(to_go: Array, seconds: float, instances: int, regular: float) -> list[Array]:
    """When the first, second, ... instance is free from now on, a row for each time to go, a column for each node.

    Starts within the time of a batch are `regular` seconds apart at least, and scattered uniformly otherwise. `to_go`
    says where between two of them now is, as if all were evenly apart.
    """
    even, free = seconds / instances, max(0.0, seconds - instances * regular)
    scattered = (instances - 1) * regular + free ** (1 - 1 / instances) * (instances * to_go) ** (1 / instances)
    last = np.where(to_go > even - regular, seconds - even + to_go, scattered)
    first = np.maximum(regular - (seconds - last), 0)
    rest = last - first - (instances - 1) * regular
    return [
        (first + number * regular)[:, None]
        + rest[:, None] * betaincinv(number + 1.0, instances - 1.0 - number, MIDDLES)
        for number in range(instances - 1)
    ] + [last[:, None]]


def _ahead_of_some(window: Window, gap: float, to_go: Array) -> Array:
    """Chances to find 0, 1, ... others after a batch that left nobody, but for windows that are open for longer."""
    elapsed, mean = (gap - to_go)[:, None], window.rate * gap
    counts = np.arange(float(max(window.max_batch, math.ceil(mean + DEVIATIONS * math.sqrt(mean + DEVIATIONS)))))
    found = poisson(counts, window.rate * elapsed)
    open_for = np.clip(window.seconds - to_go[:, None], 0, elapsed)
    late = np.where(to_go[:, None] < window.seconds, np.exp(-window.rate * (elapsed - open_for)), 0.0)
    short = window.max_batch
    found[:, :short] -= late * poisson(counts[:short], window.rate * open_for)
    return np.maximum(found, 0)


def _ahead_with_left(chain: Chain, gap: float, to_go: Array) -> Array:
    """Chances to find 1, 2, ... others after a full batch that left some."""
    left = np.append(np.zeros(1), chain.left)
    arrived = poisson(np.arange(float(len(left))), chain.window.rate * (gap - to_go)[:, None])
    return np.array([np.convolve(row, left)[: len(left)] for row in arrived])


def _joined(seconds: Array, places: Array, rate: float) -> Waits:
    """Requests at places in their batch (columns), by the batch's size when it starts."""
    full = places.shape[1]
    sizes = np.zeros_like(places)
    if full > 1:
        later = poisson(np.arange(full - 1.0), rate * seconds[:, None])
        sizes[:, :-1] = np.maximum(fftconvolve(places, later, axes=1)[:, : full - 1], 0)
    sizes[:, -1] = np.maximum(places.sum(axis=1) - sizes.sum(axis=1), 0)
    return Waits(seconds, sizes)
