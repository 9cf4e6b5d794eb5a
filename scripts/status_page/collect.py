"""From Prometheus to the state of the page: the dashboards' own panels and queries, asked over the last minutes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from aigc.observability.dashboards import dashboards
from aigc.observability.p99_diagnosis import Numbers, diagnose
from aigc.observability.p99_numbers import p99_queries
from aigc.observability.panels import ENDPOINT, RANGE, Dashboard, Panel, Shape
from aigc.observability.request_path_dashboard import UID as FIRST_UID
from aigc.plan.stack_plan import EndpointPlan, StackPlan
from scripts.local.prometheus import Prometheus, Sampled
from scripts.status_page.state import EndpointState, FiringAlert, Group, Line, PageState, Picture

NOW_WINDOW_SECONDS = 300
"""What happened in the last minutes: what a person who was called has not yet missed."""
BEFORE_WINDOW_SECONDS = 1800
"""The half hour before that, long enough that the first minutes of an incident do not make it the usual."""
SHORTEST_RATE_SECONDS = 60
"""Six scrapes; Grafana takes at least four."""
POINTS = 90
"""Of a line: more than that are not seen at the width of a phone."""
PARALLEL_QUERIES = 4


@dataclass(frozen=True)
class Span:
    """The time that pictures show, in Unix seconds."""

    end: float
    minutes: float

    @property
    def start(self) -> float:
        """The left edge."""
        return self.end - 60 * self.minutes

    @property
    def step_seconds(self) -> float:
        """Between two points, in whole scrapes of 10 s."""
        return max(10.0, 10.0 * round(60 * self.minutes / POINTS / 10))


def with_prometheus(state: PageState, plan: StackPlan, prometheus: Prometheus) -> PageState:
    """The state with everything that Prometheus knows.

    Raises:
        UnansweredError: it does not answer.
    """
    span = Span(time.time(), state.minutes)
    pages = dashboards(plan)
    with ThreadPoolExecutor(PARALLEL_QUERIES) as pool:
        shared = [page for page in pages if not page.endpoints]
        fleet = tuple(group for page in shared for group in _groups(page, "", span, prometheus, pool))
        endpoints = tuple(_endpoint(endpoint, plan, pages, span, prometheus, pool) for endpoint in plan.endpoints)
    return PageState(**{**vars(state), "alerts": firing_alerts(prometheus), "fleet": fleet, "endpoints": endpoints})


def read_numbers(
    plan: StackPlan, endpoint: str, prometheus: Prometheus, window_seconds: float, at: float | None = None
) -> Numbers:
    """The telling numbers of an endpoint over the window that ends at a Unix time, or now.

    Raises:
        UnansweredError: Prometheus does not answer.
    """
    return Numbers(
        **{
            name: prometheus.value(filled(query.expression, endpoint, window_seconds), at)
            for name, query in p99_queries(plan).items()
        }
    )


def filled(expression: str, endpoint: str, window_seconds: float) -> str:
    """A query of the dashboards with Grafana's variables replaced."""
    return expression.replace(ENDPOINT, endpoint).replace(RANGE, f"{window_seconds:.0f}s")


def firing_alerts(prometheus: Prometheus) -> tuple[FiringAlert, ...]:
    """Pages first, then by name.

    Raises:
        UnansweredError: Prometheus does not answer.
    """
    found = []
    for alert in prometheus.get("alerts")["alerts"]:
        labels, annotations = alert["labels"], alert["annotations"]
        if alert["state"] == "firing":
            found.append(
                FiringAlert(
                    labels.get("alertname", "?"),
                    labels.get("severity", "-"),
                    labels.get("aigc_endpoint", "-"),
                    alert["activeAt"][:19].replace("T", " "),
                    annotations.get("summary", ""),
                    annotations.get("description", ""),
                )
            )
    return tuple(sorted(found, key=lambda one: (one.severity, one.name, one.endpoint)))


def utc(seconds: float) -> str:
    """A Unix time for a person."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _endpoint(
    endpoint: EndpointPlan,
    plan: StackPlan,
    pages: Sequence[Dashboard],
    span: Span,
    prometheus: Prometheus,
    pool: ThreadPoolExecutor,
) -> EndpointState:
    now = read_numbers(plan, endpoint.name, prometheus, NOW_WINDOW_SECONDS, span.end)
    earlier = span.end - NOW_WINDOW_SECONDS
    before = read_numbers(plan, endpoint.name, prometheus, BEFORE_WINDOW_SECONDS, earlier)
    # First the page that says why p99 went up.
    own = sorted((page for page in pages if endpoint.name in page.endpoints), key=lambda page: page.uid != FIRST_UID)
    groups = [
        Group(f"{page.title}: {group.title}", group.pictures)
        for page in own
        for group in _groups(page, endpoint.name, span, prometheus, pool)
    ]
    return EndpointState(
        endpoint.name,
        endpoint.mode.value,
        endpoint.slo.p99_ms,
        endpoint.slo.availability_percent,
        now,
        before,
        diagnose(now, before, endpoint.slo.p99_ms),
        tuple(without_repetitions(groups)),
    )


def without_repetitions(groups: Iterable[Group]) -> Iterable[Group]:
    """Panels that two dashboards share are drawn once, where they come first."""
    seen: set[tuple[str, tuple[object, ...]]] = set()
    for group in groups:
        new = [one for one in group.pictures if (one.panel.title, one.panel.queries) not in seen]
        seen |= {(one.panel.title, one.panel.queries) for one in new}
        if new:
            yield Group(group.title, tuple(new))


def _groups(
    page: Dashboard, endpoint: str, span: Span, prometheus: Prometheus, pool: ThreadPoolExecutor
) -> list[Group]:
    def picture(panel: Panel) -> Picture:
        return Picture(panel, tuple(_lines(panel, endpoint, span, prometheus)))

    # A heatmap says what the quantiles beside it say, and needs a thousand rectangles for it.
    return [
        Group(row.title, tuple(pool.map(picture, (one for one in row.panels if one.shape is not Shape.HEATMAP))))
        for row in page.rows
    ]


def _lines(panel: Panel, endpoint: str, span: Span, prometheus: Prometheus) -> Iterable[Line]:
    window = max(SHORTEST_RATE_SECONDS, span.step_seconds)
    for query in panel.queries:
        expression = filled(query.expression, endpoint, window)
        for series in prometheus.query_range(expression, span.start, span.end, span.step_seconds):
            yield line_of(query.legend, series, span)


def line_of(legend: str, series: Sampled, span: Span) -> Line:
    """A series as the page draws it: its legend filled, its times counted from now."""
    points = tuple((at - span.end, value) for at, value in series.points)
    ended = not points or points[-1][0] < -1.5 * span.step_seconds
    return Line(legend_of(legend, series.labels), points, None if ended else points[-1][1])


def legend_of(legend: str, labels: Mapping[str, str]) -> str:
    """`{{label}}` replaced as Grafana does it."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend).strip()
