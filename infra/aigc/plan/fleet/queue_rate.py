"""How many requests a second one replica serves, by the queue of a server that batches as Triton does."""

from __future__ import annotations

from aigc.plan.fleet.batch_times import MS_A_SECOND
from aigc.plan.fleet.candidates import LargestRate
from aigc.plan.mix.demand import Array
from aigc.plan.queueing.batch_queue import BatchQueue


def largest_rate(batch_ms: Array, p99_ms: float) -> float:
    """A `LargestRate`: of one instance that takes whatever waits as soon as it is free, without a delay."""
    queue = BatchQueue((batch_ms / MS_A_SECOND).tolist(), len(batch_ms))
    return queue.largest_rate(p99_ms / MS_A_SECOND)


class Remembered:
    """A rule for rates that is asked each question once, where several problems ask the same."""

    def __init__(self, rule: LargestRate) -> None:
        self._rule = rule
        self._known: dict[tuple[bytes, float], float] = {}

    def __call__(self, batch_ms: Array, p99_ms: float) -> float:
        """As a `LargestRate`."""
        key = batch_ms.tobytes(), p99_ms
        if key not in self._known:
            self._known[key] = self._rule(batch_ms, p99_ms)
        return self._known[key]
