"""A panel as a small chart with the values now below it; a panel of numbers has only those."""

from __future__ import annotations

from html import escape

from aigc.observability.panels import Panel, Shape, Unit
from scripts.load.charts import SMALL, STYLES, Axis, Series, chart
from scripts.load.words import number
from scripts.status_page.state import Line, Picture

_UNITS: dict[Unit, tuple[str, float]] = {
    Unit.REQUESTS_PER_SECOND: ("requests/s", 1),
    Unit.OPERATIONS_PER_SECOND: ("per second", 1),
    Unit.SHARE: ("%", 100),
    Unit.SECONDS: ("s", 1),
    Unit.MILLISECONDS: ("ms", 1),
    Unit.MICROSECONDS: ("ms", 0.001),
    Unit.COUNT: ("", 1),
}
"""In words, and by how much a value is multiplied for them."""
THRESHOLD_FROM = 0.5
"""The threshold is drawn when a line comes as near as half of it; before that it would flatten every line."""


def unit_words(unit: Unit) -> str:
    """The unit as the page writes it."""
    return _UNITS[unit][0]


def value_words(value: float | None, unit: Unit) -> str:
    """A value with its unit; `-` for none."""
    words, factor = _UNITS[unit]
    return number(None if value is None else value * factor) + (f" {words}" if words and value is not None else "")


def drawn(picture: Picture, minutes: float) -> str:
    """SVG of so many minutes and legend, or why there is none."""
    if not picture.lines:
        return '<p class="soft">no data</p>'
    legend = "".join(_legend(line, picture.panel, STYLES[i % len(STYLES)]) for i, line in enumerate(picture.lines))
    svg = _chart(picture, minutes) if picture.panel.shape is Shape.LINES else ""
    return f'{svg}<ul class="legend">{legend}</ul>'


def _chart(picture: Picture, minutes: float) -> str:
    panel, factor = picture.panel, _UNITS[picture.panel.unit][1]
    series = [
        Series(line.name, [(at / 60, value * factor) for at, value in line.points], STYLES[index % len(STYLES)])
        for index, line in enumerate(picture.lines)
    ]
    values = [value for one in series for _, value in one.points]
    x = Axis("", -minutes, 0.0)
    if panel.bad_from is not None and values and max(values) >= THRESHOLD_FROM * panel.bad_from * factor:
        bad = panel.bad_from * factor
        series.append(Series("bad from here", [(x.low, bad), (x.high, bad)], "bad"))
        values.append(bad)
    return chart(panel.title, x, _vertical(values), series, size=SMALL)


def _vertical(values: list[float]) -> Axis:
    low, high = min([0.0, *values]), max([0.0, *values])
    room = 0.08 * (high - low) or 1.0
    return Axis("", low - (room if low < 0 else 0.0), high + room)


def _legend(line: Line, panel: Panel, style: str) -> str:
    bad = (panel.bad_from is not None and line.last is not None and line.last >= panel.bad_from) or (
        panel.bad_below is not None and line.last is not None and line.last < panel.bad_below
    )
    key = f'<svg viewBox="0 0 14 8" aria-hidden="true"><rect class="key {style}" y="1" width="14" height="6"/></svg>'
    value = escape(value_words(line.last, panel.unit))
    return f"<li>{key}{escape(line.name)} <b{' class=worse' if bad else ''}>{value}</b></li>"
