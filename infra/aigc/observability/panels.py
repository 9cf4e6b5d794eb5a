"""Dashboards as values: what is asked, in which unit it is shown, and what a bad picture means; no Grafana in here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from aigc.observability.metric_names import RequestSeries

ENDPOINT = "$endpoint"
"""The dashboards' variable; the name of an endpoint in a query."""
RANGE = "$__rate_interval"
"""Grafana's own: at least four scrapes, so that a rate never falls between two of them."""
GRID_COLUMNS = 24
_ROW_HEIGHT = 1


class Unit(StrEnum):
    """Grafana's identifiers of units."""

    REQUESTS_PER_SECOND = "reqps"
    OPERATIONS_PER_SECOND = "ops"
    SHARE = "percentunit"
    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "µs"
    COUNT = "short"


class Shape(StrEnum):
    """How the answers of a panel's queries are drawn."""

    LINES = "timeseries"
    NUMBERS = "stat"
    HEATMAP = "heatmap"


@dataclass(frozen=True)
class Query:
    """PromQL and the name of what it gives, with `{{label}}` where that differs from series to series."""

    expression: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """One picture."""

    title: str
    description: str
    """What a bad picture means and where to look next."""
    unit: Unit
    """Of a heatmap: of its buckets' boundaries."""
    queries: tuple[Query, ...]
    shape: Shape = Shape.LINES
    columns: int = 8
    height: int = 8
    bad_from: float | None = None
    """The value from which on a number is bad; None where none is bad by itself."""
    bad_below: float | None = None


@dataclass(frozen=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Dashboard:
    """One page; its uid is part of links that people keep."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    endpoints: tuple[str, ...] = ()
    """Values of the variable `endpoint`; without any there is no such variable."""

    @property
    def panels(self) -> Iterator[Panel]:
        """Every panel, from the top."""
        return (panel for row in self.rows for panel in row.panels)


@dataclass(frozen=True)
class Position:
    """Where something lies in the grid of 24 columns."""

    x: int
    y: int
    width: int
    height: int


def positions(rows: Sequence[Row]) -> list[tuple[Position, list[Position]]]:
    """For each row the place of its heading and of its panels: left to right, and below where no room is left."""
    result = []
    y = 0
    for row in rows:
        heading = Position(0, y, GRID_COLUMNS, _ROW_HEIGHT)
        y += _ROW_HEIGHT
        placed: list[Position] = []
        x = line_height = 0
        for panel in row.panels:
            if x + panel.columns > GRID_COLUMNS:
                x, y, line_height = 0, y + line_height, 0
            placed.append(Position(x, y, panel.columns, panel.height))
            x += panel.columns
            line_height = max(line_height, panel.height)
        y += line_height
        result.append((heading, placed))
    return result


def rate(selector: str, by: str = "") -> str:
    """Growth a second, summed over everything but the labels `by`."""
    grouping = f" by ({by})" if by else ""
    return f"sum{grouping} (rate({selector}[{RANGE}]))"


def quotient(dividend: str, divisor: str) -> str:
    """A mean; nothing at all, and not NaN, while there is nothing to divide by."""
    return f"{dividend} / ({divisor} > 0)"


def quantile(share: float, bucket: str, milliseconds_per_unit: int) -> str:
    """A quantile in milliseconds, read off a histogram."""
    scale = f"{milliseconds_per_unit} * " if milliseconds_per_unit > 1 else ""
    return f"{scale}histogram_quantile({share}, {rate(bucket, 'le')})"


def request_quantile(share: float, series: RequestSeries) -> str:
    """A quantile of the time that an endpoint's requests take."""
    return quantile(share, f"{series.bucket}{{{series.matcher}}}", series.milliseconds_per_unit)


def mean_milliseconds(time: str, count: str, milliseconds_per_unit: int) -> str:
    """The mean time of a request, from a histogram's sum and count."""
    scale = f"{milliseconds_per_unit} * " if milliseconds_per_unit > 1 else ""
    return f"{scale}{quotient(rate(time), rate(count))}"
