"""The alert that must name a fault's cause, and whether Prometheus had it: its own history of alerts tells."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aigc.observability.metric_names import HOST_PROCESS_LABEL
from aigc.observability.restart_alerts import CONTAINER_RESTARTED, HOST_PROCESS_RESTARTED

SEEN_SECONDS = 40.0
"""A scrape and an evaluation of 10 s each, and as much again where the fault took Prometheus or its target away."""
POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Alarm:
    """An alert and the labels by which it names what ended: each a pattern of the whole value."""

    alert: str
    labels: tuple[tuple[str, str], ...]

    def is_in(self, began: Iterable[Mapping[str, str]]) -> bool:
        """Whether one of these alerts is it."""
        return any(self._is(labels) for labels in began)

    def _is(self, labels: Mapping[str, str]) -> bool:
        named = all(re.fullmatch(pattern, labels.get(name, "")) for name, pattern in self.labels)
        return named and labels.get("alertname") == self.alert

    def __str__(self) -> str:
        return f"{self.alert}{{{', '.join(f'{name}={pattern}' for name, pattern in self.labels)}}}"


def of_host_process(name: str) -> Alarm:
    """A process of the supervisor's, or the supervisor."""
    return Alarm(HOST_PROCESS_RESTARTED, ((HOST_PROCESS_LABEL, name),))


def of_container(workload: str, container: str) -> Alarm:
    """A container in a pod of `namespace/name`, which a Deployment, a StatefulSet or a numbered revision made."""
    namespace, _, name = workload.partition("/")
    # Whole, so that `gpt` is not `gpt-handbook`.
    pod = rf"{name}(-\d{{5}}-deployment)?-[a-z0-9]+(-[a-z0-9]{{5}})?"
    return Alarm(CONTAINER_RESTARTED, (("namespace", namespace), ("pod", pod), ("container", container)))


class Watched(Protocol):
    """Whoever knows which alerts there were."""

    def alerts_begun(self, since: float) -> list[Mapping[str, str]]:
        """The labels of each that began since a Unix time."""


def unnamed(
    alarms: Sequence[tuple[str, Alarm]], watched: Watched, since: float, seconds: float = SEEN_SECONDS
) -> list[str]:
    """What no alert named since a Unix time, in words; (name, alarm) in, and only the last ones are waited for."""
    deadline = time.monotonic() + seconds
    while True:
        began = watched.alerts_begun(since)
        missing = [f"no alert named {name}: {alarm}" for name, alarm in alarms if not alarm.is_in(began)]
        if not missing or time.monotonic() > deadline:
            return missing
        time.sleep(POLL_SECONDS)
