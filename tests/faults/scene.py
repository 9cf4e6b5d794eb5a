"""What a fault acts on and what it is judged by: the cluster's processes, its workloads, and `status` in words."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from aigc.catalog.cache import KUBECONFIG
from aigc.observability.metric_names import CONTAINER_START_TIME_SECONDS, HOST_PROCESS_EXITS
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import plan_of
from scripts.local.cluster import processes
from scripts.local.cluster.layout import Layout
from scripts.local.cluster_api import ProcessStatus, cluster_status
from scripts.local.prometheus import Prometheus, UnansweredError
from scripts.local.workloads import Workloads
from scripts.model.client import GatewayEndpoint, Protocol
from scripts.stacks import LOCAL_STACK
from tests.faults.traffic import Target

PROTOCOLS = (Protocol.GRPC, Protocol.HTTP)
ALERTS_BEGAN = "ALERTS_FOR_STATE"
"""Prometheus' own series of each alert while it lasts: the Unix time at which it began."""
WATCHED = (CONTAINER_START_TIME_SECONDS, HOST_PROCESS_EXITS)
WATCHED_SECONDS = 60.0
"""Six scrapes."""


@dataclass(frozen=True)
class Scene:
    """The local cluster while it serves."""

    layout: Layout
    workloads: Workloads
    plan: StackPlan

    @classmethod
    def connect(cls) -> Scene:
        """The cluster that `up` made."""
        return cls(Layout(), Workloads.connect(KUBECONFIG), plan_of(LOCAL_STACK))

    @classmethod
    def watched(cls) -> Scene:
        """The same once Prometheus has seen all of it: of what ends before, a new one sees no change.

        Raises:
            AssertionError: it sees nothing.
        """
        scene, deadline = cls.connect(), time.monotonic() + WATCHED_SECONDS
        while not scene._is_watched():
            assert time.monotonic() < deadline, f"Prometheus has not scraped {WATCHED} in {WATCHED_SECONDS:g} s"
            time.sleep(1)
        return scene

    def _is_watched(self) -> bool:
        try:
            prometheus = Prometheus.of(self.workloads)
            return all(prometheus.value(f"count({series})") is not None for series in WATCHED)
        except (UnansweredError, ApiException, HTTPError):
            return False

    def targets(self) -> list[Target]:
        """Every endpoint, each over another protocol than the one before."""
        address = self.workloads.gateway_address()
        return [
            Target(endpoint.models[0], GatewayEndpoint(endpoint.host, address), PROTOCOLS[turn % len(PROTOCOLS)])
            for turn, endpoint in enumerate(self.plan.endpoints)
        ]

    def host_processes(self, pattern: str) -> set[int]:
        """Our host processes whose command line matches."""
        return {process.pid for process in processes.owned(self.layout) if _matches(process.pid, pattern)}

    def pod_processes(self, pattern: str) -> set[int]:
        """Processes in pods of ours whose command line matches."""
        return {pid for pid in processes.contained(self.layout) if _matches(pid, pattern)}

    def status_words(self) -> list[str]:
        """Every line of `status`: name, and what is said."""
        processes_now = cluster_status()
        lines = [f"{process.name}: {process.state}: {process.words}" for process in processes_now]
        return lines + [f"{w.namespace}/{w.name}: {w.words}" for w in self._statuses(processes_now)]

    def unsound(self) -> list[str]:
        """What `status` finds wrong."""
        processes_now = cluster_status()
        bad = [f"{p.name}: {p.state}: {p.words}" for p in processes_now if p.state != "running"]
        return bad + [f"{w.namespace}/{w.name}: {w.words}" for w in self._statuses(processes_now) if not w.ready]

    def alerts_begun(self, since: float) -> list[Mapping[str, str]]:
        """Labels of every alert that began since a Unix time, also of one that ended; none without Prometheus."""
        window = f"[{int(time.time() - since) + 1}s]"
        try:
            rows = Prometheus.of(self.workloads).query(f"max_over_time({ALERTS_BEGAN}{window}) >= {since:.3f}")
        except (UnansweredError, ApiException, HTTPError):
            return []
        return [row.labels for row in rows]

    def _statuses(self, processes_now: list[ProcessStatus]) -> list[Any]:
        # As `status` itself: an API server that is not well would be waited for.
        if not any(p.name == "kube-apiserver" and p.state == "running" for p in processes_now):
            return []
        try:
            return list(self.workloads.statuses())
        except Exception as error:  # the API server is what a fault may have taken away
            return [Unanswered("-", "kube-apiserver", False, f"does not answer: {type(error).__name__}")]


@dataclass(frozen=True)
class Unanswered:
    """In the place of workloads when nobody tells of them."""

    namespace: str
    name: str
    ready: bool
    words: str


def kill(pids: set[int]) -> None:
    """SIGKILL, at once for all."""
    processes.end(sorted(pids), signal.SIGKILL)


def _matches(pid: int, pattern: str) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return False
    return re.search(pattern, command) is not None
