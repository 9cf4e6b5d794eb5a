"""The queue in milliseconds is the queue in seconds, and keeps to what a candidate promises of its rate."""

from __future__ import annotations

import numpy as np

from aigc.plan.fleet.queue_rate import largest_rate

TIMES_MS = 20 + 4 * np.arange(1.0, 5.0)


def test_a_rate_is_within_what_full_batches_serve_and_grows_with_the_objective() -> None:
    rates = [largest_rate(TIMES_MS, p99_ms) for p99_ms in (10.0, 60.0, 200.0)]
    assert rates[0] == 0 and 0 < rates[1] <= rates[2] <= 1000 * 4 / TIMES_MS[-1]
