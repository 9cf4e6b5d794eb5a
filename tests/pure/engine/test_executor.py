"""What may run at once runs at once, nothing runs too early, and a failure stops what has not begun."""

from __future__ import annotations

import threading
import time

from scripts.engine.executor import Notes, walk

DIAMOND = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}


def test_everything_comes_after_what_it_needs() -> None:
    done: list[str] = []
    outcome = walk(DIAMOND, lambda name: done.append(name) or name, threading.Event())  # type: ignore[func-returns-value]
    assert outcome.results == {name: name for name in DIAMOND}
    assert done[0] == "a"
    assert done[-1] == "d"


def test_branches_overlap() -> None:
    together = threading.Barrier(2, timeout=10)

    def task(name: str) -> None:
        if name in ("b", "c"):
            together.wait()  # breaks, and so fails the task, unless both run at the same time

    assert not walk(DIAMOND, task, threading.Event()).errors


def test_a_failure_stops_the_rest_and_is_kept() -> None:
    stop, begun = threading.Event(), []

    def task(name: str) -> None:
        begun.append(name)
        if name == "b":
            raise ValueError("no")

    outcome = walk(DIAMOND, task, stop)
    assert stop.is_set()
    assert "d" not in begun
    assert [str(error) for error in outcome.errors.values()] == ["no"]


def test_edges_to_nothing_are_ignored() -> None:
    assert set(walk({"a": ["gone"]}, lambda name: name, threading.Event()).results) == {"a"}


def test_reasons_are_printed_only_now_and_then() -> None:
    lines: list[str] = []
    notes = Notes(lines.append)
    notes.say("Pod x")("not yet")
    notes.report()
    assert lines == []
    notes._last = time.monotonic() - 60
    notes.report()
    assert lines == ["waiting for Pod x: not yet"]
    notes.done("Pod x")
    notes._last = time.monotonic() - 60
    notes.report()
    assert len(lines) == 1
