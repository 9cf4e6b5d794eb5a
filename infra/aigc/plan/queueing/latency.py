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

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import betaincinv, pdtrc

from aigc.plan.queueing.chain import Chain, poisson
from aigc.plan.queueing.service import Array

CELLS = 32
"""Of a span of time that is summed up: its width is at most this share of its end."""
NODES = 8
"""Equally likely places of a request between the first and the last of its batch, or of a completion."""
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
    full, rate = chain.window.max_batch, chain.window.rate
    remaining, widths = _remaining(chain)
    ahead = _ahead(chain, instances, remaining) * (rate * widths)[:, None]
    for cycle, batches in enumerate(np.split(ahead, ahead.shape[1] // full, axis=1)):
        some = batches.sum(axis=1) > 0
        if some.any():
            for share in _completions(cycle % instances, instances):
                seconds = remaining[some] * share + cycle // instances * chain.times.means[-1]
                nodes = 1 if cycle % instances == instances - 1 else NODES
                yield Waits(seconds, _joined(batches[some] / nodes, rate * seconds))


def _completions(number: int, instances: int) -> Array:
    """Nodes of the completion of that number, from 0, as shares of what the batch that started last has still to go.

    The other instances' ends are scattered uniformly before its own.
    """
    if number == instances - 1:
        return np.ones(1)
    nodes: Array = betaincinv(number + 1.0, instances - 1.0 - number, MIDDLES)
    return nodes


def _remaining(chain: Chain) -> tuple[Array, Array]:
    """Middles and widths of cells of what the batch that started last has still to go, no cell across any time."""
    ends = np.unique(chain.times.seconds)
    cells = [
        np.linspace(low, high, int(np.ceil(CELLS * (high - low) / high)) + 1)[1:]
        for low, high in zip(np.append(0.0, ends[:-1]), ends, strict=True)
    ]
    edges = np.concatenate([np.zeros(1), *cells])
    return (edges[:-1] + edges[1:]) / 2, np.diff(edges)


def _ahead(chain: Chain, instances: int, remaining: Array) -> Array:
    """Density by what remains (rows) of requests that find 0, 1, ... others waiting ahead, as they start after it."""
    window, full = chain.window, chain.window.max_batch
    most = -(-(full + len(chain.left)) // full) * full
    counts = np.arange(float(most))
    found = np.zeros((len(remaining), most))
    for column, chance in enumerate(chain.times.chances):
        for size, seconds in enumerate(chain.times.seconds[:, column]):
            weight = chain.started[size] * chance
            busy = remaining < seconds
            elapsed = seconds - remaining[busy]
            scattered = (remaining[busy] / seconds) ** (instances - 1)
            arrived = poisson(counts, window.rate * elapsed[:, None])
            # Part of those that find no full batch are in a window that is open beyond the next completion.
            open_for = np.clip(window.seconds - remaining[busy] / instances, 0, elapsed)[:, None]
            late = np.exp(-window.rate * (elapsed[:, None] - open_for))
            inside = np.where(remaining[busy, None] / instances < window.seconds, late, 0.0)
            arrived[:, :full] -= inside * poisson(counts[:full], window.rate * open_for)
            found[busy] += weight * scattered[:, None] * np.maximum(arrived, 0)
            if size == full - 1:
                behind = np.append(np.zeros(1), chain.left)[:most]
                new = poisson(counts, window.rate * elapsed[:, None])
                total = np.array([np.convolve(row, behind)[:most] for row in new])
                found[busy] += chance * scattered[:, None] * total
    return found


def _joined(places: Array, mean: Array) -> Array:
    """Requests at places in their batch (rows by wait), by the batch's size when it starts."""
    full = places.shape[1]
    later = poisson(np.arange(float(full)), mean[:, None])
    sizes = np.zeros_like(places)
    for place in range(full):
        sizes[:, place : full - 1] += places[:, place, None] * later[:, : full - 1 - place]
    sizes[:, -1] = np.maximum(places.sum(axis=1) - sizes[:, :-1].sum(axis=1), 0)
    return sizes
