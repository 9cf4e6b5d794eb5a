"""When an open loop intends to send: decided before the run, so that the server cannot change it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scripts.load.settings import Arrivals


def intended_seconds(
    rps: float, seconds: float, arrivals: Arrivals, seed: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Send times from the start of the run, ascending, all before `seconds`; the same for the same seed."""
    if arrivals is Arrivals.CONSTANT:
        times = np.arange(int(np.ceil(rps * seconds))) / rps
    else:
        # Given their number, Poisson arrivals are uniform; so is this, in one step and without an end to search for.
        random = np.random.default_rng(seed)
        times = np.sort(random.uniform(0.0, seconds, random.poisson(rps * seconds)))
    return times[times < seconds]
