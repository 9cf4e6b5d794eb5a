"""What the page shows, as values: collected from a live cluster, or written down by a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aigc.observability.p99_diagnosis import Numbers, Verdict
from aigc.observability.panels import Panel
from scripts.local.cluster_api import ProcessStatus
from scripts.local.workloads import WorkloadStatus


@dataclass(frozen=True)
class Line:
    """One series of a picture."""

    name: str
    points: tuple[tuple[float, float], ...]
    """(seconds from now, so negative, value)."""
    last: float | None
    """The value now; None when the series has ended."""


@dataclass(frozen=True)
class Picture:
    """A panel of a dashboard with what Prometheus answered; without lines it answered nothing."""

    panel: Panel
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Group:
    """A row of a dashboard."""

    title: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class EndpointState:
    """One endpoint."""

    name: str
    mode: str
    p99_ms: float
    """Of its objective."""
    availability_percent: float
    now: Numbers
    before: Numbers
    verdict: Verdict
    groups: tuple[Group, ...]

    def pictures(self) -> Iterator[Picture]:
        """Every picture, from the top."""
        return (picture for group in self.groups for picture in group.pictures)


@dataclass(frozen=True)
class FiringAlert:
    """An alert of Prometheus that fires."""

    name: str
    severity: str
    endpoint: str
    since_utc: str
    summary: str
    description: str


@dataclass(frozen=True)
class PageState:
    """The whole page."""

    at_utc: str
    minutes: float
    """How far the pictures go back."""
    processes: tuple[ProcessStatus, ...]
    workloads: tuple[WorkloadStatus, ...]
    problems: tuple[str, ...]
    """Why a part is missing, each with the way out."""
    alerts: tuple[FiringAlert, ...] | None = None
    """None when nobody could be asked."""
    fleet: tuple[Group, ...] = ()
    endpoints: tuple[EndpointState, ...] = ()
