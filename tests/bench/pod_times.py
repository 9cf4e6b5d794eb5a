"""When a pod went through each stage of its start, to the millisecond where Kubernetes itself says the second.

Creation, scheduling and readiness are taken when the API server tells its watcher of them; the start of a container is
the start of its first process; that Triton serves is a line of its log, which has microseconds.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kubernetes import watch
from urllib3.exceptions import ProtocolError

from aigc.catalog.labels import MODELS_NAMESPACE
from scripts.local.workloads import pod_is_ready
from tests.bench.servers import BENCH_LABEL, Bench, container_of, process_started_at, processes_of

SERVES = re.compile(r"^I(\d{4} \d{2}:\d{2}:\d{2}\.\d{6}) .*Started HTTPService", re.M)
WATCH_SECONDS = 600
"""After so long a watch ends and another begins: twenty cold starts take longer."""


@dataclass
class Seen:
    """When the watcher heard of each stage of one pod, in seconds since the epoch."""

    created: float = 0.0
    scheduled: float = 0.0
    ready: float = 0.0


@dataclass
class PodWatch:
    """Every pod of a copy that came since the watch began."""

    seen: dict[str, Seen] = field(default_factory=dict)

    def note(self, pod: Any, now: float) -> None:
        """Keep the first time that a stage was heard of."""
        one = self.seen.setdefault(pod.metadata.name, Seen(created=now))
        if pod.spec.node_name and not one.scheduled:
            one.scheduled = now
        if pod_is_ready(pod) and not one.ready:
            one.ready = now


@contextmanager
def watched(bench: Bench, name: str) -> Iterator[PodWatch]:
    """Watch the pods of a copy for so long as the block lasts."""
    kept, over = PodWatch(), threading.Event()
    stream = watch.Watch()

    def follow() -> None:
        # The end of the block or of the API server; who waits says so.
        with contextlib.suppress(ProtocolError):
            while not over.is_set():
                events = stream.stream(
                    bench.workloads.core.list_namespaced_pod,
                    MODELS_NAMESPACE,
                    label_selector=f"{BENCH_LABEL}={name}",
                    # What the API server has at hand. By default it waits until that is as new as all of etcd, of
                    # which it does not hear while no pod changes: "Too large resource version".
                    resource_version="0",
                    timeout_seconds=WATCH_SECONDS,
                    _request_timeout=WATCH_SECONDS,  # nothing to tell for 10 s is no fault of the API server here
                )
                for event in events:
                    if event["type"] in {"ADDED", "MODIFIED"}:
                        kept.note(event["object"], time.time())

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        over.set()
        stream.stop()


def container_started_at(bench: Bench, pod_name: str, container: str) -> float:
    """When the first process of a container started."""
    return process_started_at(processes_of(container_of(bench, pod_name, container))[0])


def triton_serves_at(log: str) -> float:
    """When Triton began to serve, by its own log.

    Raises:
        ValueError: it does not say so.
    """
    found = SERVES.search(log)
    if found is None:
        raise ValueError(f"the log of Triton does not say that it serves: {log[-300:]!r}")
    now = datetime.now(UTC)
    at = datetime.strptime(f"{now.year}{found[1]}", "%Y%m%d %H:%M:%S.%f").replace(tzinfo=UTC)
    return at.timestamp()
