"""Work as CUDA graphs, and how long it takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

WARM_UPS = 3
"""Calls before a graph is captured: kernels are compiled and chosen in the first of them."""
REPEATED_SECONDS = 0.5
FEWEST, MOST = 3, 50
"""Repetitions."""


class Replay:
    """Graphs that are replayed one after the other; they share memory, so only in the order of their capture."""

    def __init__(self) -> None:
        self._graphs: list[tuple[Any, int]] = []
        self._pool: Any = None
        self._stream = torch.cuda.Stream()

    def capture(self, work: Callable[[], Any], times: int = 1, warm_ups: int = WARM_UPS) -> Any:
        """Capture one call, to be replayed `times` times; what it returns is there after each replay."""
        for _ in range(warm_ups):
            work()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        # Not `torch.cuda.graph`, which collects garbage first: a decoder has a graph for every token of an answer.
        with torch.cuda.stream(self._stream):
            graph.capture_begin(**({} if self._pool is None else {"pool": self._pool}))
            found = work()
            graph.capture_end()
        torch.cuda.synchronize()
        self._pool = graph.pool()
        self._graphs.append((graph, times))
        return found

    def run(self) -> None:
        """Hand all of them to the GPU, and do not wait."""
        for graph, times in self._graphs:
            for _ in range(times):
                graph.replay()


@dataclass(frozen=True)
class Timed:
    """One batch, repeated."""

    latency_ms: float
    """Of one alone, the median."""
    fastest_ms: float
    slowest_ms: float
    repetitions: int
    back_to_back_ms: float
    """Of one of as many repetitions that follow each other without a wait, the mean."""


def timed(replay: Replay) -> Timed:
    """Each repetition from its start on this machine's clock until the GPU has nothing left to do."""
    first_ms = _taken_ms(replay, 1)
    repetitions = min(max(math.ceil(1000 * REPEATED_SECONDS / first_ms), FEWEST), MOST)
    alone_ms = [_taken_ms(replay, 1) for _ in range(repetitions)]
    return Timed(median(alone_ms), min(alone_ms), max(alone_ms), repetitions, _taken_ms(replay, repetitions))


def _taken_ms(replay: Replay, batches: int) -> float:
    """Of one of them, in the mean."""
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(batches):
        replay.run()
    torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - started) / batches
