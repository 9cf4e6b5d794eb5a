"""How long batches take, by their size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
SecondsOfBatch = Sequence[float] | Callable[[int], float]
"""By the number of requests in it: of 1, 2, ... in their order, or asked."""


MOST_BATCH = 1024
"""A prediction takes its square in memory, and its cube in time."""


@dataclass(frozen=True)
class ServiceTimes:
    """The time of a batch of each size: certain, or one of several."""

    seconds: Array
    """A row for each size, beginning with 1; in it times that ascend, down each column too."""
    chances: Array
    """Of the columns; in sum 1."""

    @classmethod
    def certain(cls, seconds_of_batch: SecondsOfBatch, max_batch: int) -> ServiceTimes:
        """Each size has one time; ValueError where times are not positive, or a larger batch takes less."""
        if not callable(seconds_of_batch) and len(seconds_of_batch) < max_batch:
            raise ValueError(f"{len(seconds_of_batch)} times for batches of up to {max_batch}")
        asked = seconds_of_batch if callable(seconds_of_batch) else lambda size: seconds_of_batch[size - 1]
        return cls.of(np.array([[asked(size)] for size in range(1, max_batch + 1)], np.float64), np.ones(1))

    @classmethod
    def of(cls, seconds: Array, chances: Array) -> ServiceTimes:
        """Checked: ValueError where times are not positive, or a larger batch takes less."""
        if not 1 <= len(seconds) <= MOST_BATCH:
            raise ValueError(f"a batch has at least 1 request and at most {MOST_BATCH}, not {len(seconds)}")
        if not (np.isfinite(seconds).all() and (seconds > 0).all()):
            raise ValueError("the time of a batch is positive and finite")
        if (np.diff(seconds, axis=0) < 0).any():
            size = int(np.argmax((np.diff(seconds, axis=0) < 0).any(axis=1))) + 2
            raise ValueError(f"a batch of {size} takes less than one of {size - 1}")
        return cls(seconds, chances)

    @property
    def max_batch(self) -> int:
        """The largest size."""
        return len(self.seconds)

    @property
    def means(self) -> Array:
        """Mean seconds by size, beginning with 1."""
        mean: Array = self.seconds @ self.chances
        return mean
