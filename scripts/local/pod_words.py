"""What is or was wrong with pods, in words: what they wait for, how their containers ended, why they were put out."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

RECENT = timedelta(minutes=10)
"""Older ends of containers are history: what runs since then runs."""
ON_ITS_WAY = frozenset({"ContainerCreating", "PodInitializing"})
SIGNAL_BASE = 128
"""A process that a signal ended has this plus the signal's number as its exit code."""


def selected(pods: Iterable[Any], labels: Mapping[str, str]) -> list[Any]:
    """The pods that carry all of these labels."""
    return [pod for pod in pods if labels.items() <= (pod.metadata.labels or {}).items()]


def troubles(pod: Any) -> Iterator[str]:
    """Why a pod does not work now."""
    name = pod.metadata.name
    if pod.status.reason:
        yield f"{name}: {pod.status.reason} {pod.status.message or ''}".strip()
    for condition in pod.status.conditions or []:
        if condition.type == "PodScheduled" and condition.status == "False":
            yield f"{name}: has no node, {condition.message}"
    for container in _containers(pod):
        waiting = container.state.waiting
        if waiting is not None and waiting.reason not in ON_ITS_WAY:
            yield f"{name}/{container.name}: {waiting.reason} {waiting.message or ''}".strip()


def recent_ends(pod: Any, now: datetime) -> Iterator[str]:
    """Containers that ended lately and were started again."""
    for container in _containers(pod):
        ended = container.last_state.terminated if container.last_state else None
        if ended is None or ended.finished_at is None or now - ended.finished_at > RECENT:
            continue
        seconds = max(0, round((now - ended.finished_at).total_seconds()))
        count = container.restart_count
        times = "once" if count == 1 else f"{count} times"
        yield f"{container.name} was started again {times}, it ended {seconds} s ago with {exit_words(ended.exit_code)}"


def exit_words(code: int) -> str:
    """An exit code, and the signal that it stands for."""
    try:
        return f"exit code {code} ({signal.Signals(code - SIGNAL_BASE).name})"
    except ValueError:
        return f"exit code {code}"


def in_words(pods: Iterable[Any], complete: bool, now: datetime | None = None) -> str:
    """To be put behind a workload's own words; with all its replicas there, only what ended lately is said."""
    at = now or datetime.now(UTC)
    found = [words for pod in pods for words in ((() if complete else troubles(pod)), recent_ends(pod, at))]
    return "".join(f"; {word}" for words in found for word in words)


def _containers(pod: Any) -> list[Any]:
    return [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]
