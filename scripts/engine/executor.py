"""Walks the graph in dependency order with everything that may run at once running at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

THREADS = 64
"""Most of them only wait for an object to be ready; calls in flight are bounded by the client's connections."""
REPORT_EVERY_SECONDS = 10.0

T = TypeVar("T")


class Notes:
    """What running tasks are waiting for, printed now and then so that a person sees why nothing moves."""

    def __init__(self, print_line: Callable[[str], None]) -> None:
        self._print = print_line
        self._waiting: dict[str, str] = {}
        self._lock = threading.Lock()
        self._last = time.monotonic()

    def say(self, name: str) -> Callable[[str], None]:
        """A function for one task to tell what it waits for."""

        def tell(why: str) -> None:
            with self._lock:
                self._waiting[name] = why

        return tell

    def done(self, name: str) -> None:
        """The task waits no more."""
        with self._lock:
            self._waiting.pop(name, None)

    def report(self) -> None:
        """Print every reason, if the last time was long enough ago."""
        if time.monotonic() - self._last < REPORT_EVERY_SECONDS:
            return
        self._last = time.monotonic()
        with self._lock:
            waiting = dict(self._waiting)
        for name, why in sorted(waiting.items()):
            self._print(f"waiting for {name}: {why}")


class Outcome(Generic[T]):
    """Results by name, and what failed."""

    def __init__(self) -> None:
        self.results: dict[str, T] = {}
        self.errors: dict[str, Exception] = {}


def walk(
    edges: Mapping[str, Iterable[str]],
    task: Callable[[str], T],
    stop: threading.Event,
    tick: Callable[[], None] = lambda: None,
) -> Outcome[T]:
    """Run `task` for each node after all it depends on; after a failure nothing new starts and `stop` is set."""
    missing = {name: {other for other in wanted if other in edges} for name, wanted in edges.items()}
    followers: dict[str, list[str]] = {name: [] for name in edges}
    for name, wanted in missing.items():
        for other in wanted:
            followers[other].append(name)
    outcome: Outcome[T] = Outcome()
    with ThreadPoolExecutor(THREADS) as pool:
        running: dict[Future[T], str] = {pool.submit(task, name): name for name in missing if not missing[name]}
        while running:
            finished, _ = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
            tick()
            for future in finished:
                name = running.pop(future)
                if not _collect(outcome, name, future):
                    stop.set()
                for follower in followers[name]:
                    missing[follower].discard(name)
                    if not missing[follower] and not stop.is_set():
                        running[pool.submit(task, follower)] = follower
    return outcome


def _collect(outcome: Outcome[T], name: str, future: Future[T]) -> bool:
    error = future.exception()
    if error is None:
        outcome.results[name] = future.result()
        return True
    if not isinstance(error, Exception):
        raise error
    outcome.errors[name] = error
    return False
