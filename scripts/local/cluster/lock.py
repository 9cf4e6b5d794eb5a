"""One at a time: `up`, `down` and the keeper must not work on the same cluster at once."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from aigc.catalog.faults import fail
from scripts.local.cluster.layout import Layout


@contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """Hold the cluster's lock.

    Raises:
        UserError: somebody else holds it.
    """
    layout.lock.parent.mkdir(parents=True, exist_ok=True)
    with layout.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise fail(str(layout.lock), "another `up` or `down` is at work", "wait until it is done") from None
        yield
