"""Small line charts as inline SVG: no script, no font, no network; colours come from the page, so dark mode works."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

LEFT, RIGHT, TOP, BOTTOM = 64, 16, 30, 44
"""Pixels around the plot for numbers, labels and the legend."""
TICKS = 6
LOG_DIGITS = ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7), (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9))
FEWEST_LOG_TICKS = 4
LEGEND_STEP = 170

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Size:
    """Pixels at which text has its own size; the page scales the whole to the width there is."""

    width: int
    height: int
    legend: bool = True
    """Inside the chart; a small one has it below, where its names may be long."""

    @property
    def right(self) -> int:
        """Where the plot ends."""
        return self.width - RIGHT

    @property
    def bottom(self) -> int:
        """Where the plot ends."""
        return self.height - BOTTOM


WIDE = Size(760, 280)
SMALL = Size(360, 190, legend=False)
"""At the width of a phone, so that nothing shrinks there."""
STYLES = ("s1", "s2", "s3", "s4", "s5", "s6")
"""Classes of the page's style sheet for lines, in the order in which they are given out."""


@dataclass(frozen=True)
class Series:
    """One line or cloud of a chart."""

    name: str
    points: Points
    style: str
    """Class of the page's style sheet: one of STYLES, or bad."""
    dots: bool = False


@dataclass(frozen=True)
class Axis:
    """From low to high, in the unit of its label."""

    label: str
    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """Where on the axis, 0 to 1; values beyond an end are at that end."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        return (at - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round numbers, about TICKS of them; on a log axis decades, or the coarsest parts that are enough."""
        if not self.log:
            step = nice_step((self.high - self.low) / TICKS)
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            return [index * step for index in range(first, last + 1)]
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        found: list[float] = []
        for digits in LOG_DIGITS:
            found = [digit * 10.0**decade for decade in decades for digit in digits]
            found = [tick for tick in found if self.low <= tick <= self.high]
            if len(found) >= FEWEST_LOG_TICKS:
                break
        return found


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9))


def from_zero(label: str, series: Sequence[Series]) -> Axis:
    """A vertical axis from 0 to a little above the highest point."""
    return Axis(label, 0.0, max([1e-9, *(y for one in series for _, y in one.points)]) * 1.08)


def log_axis(label: str, values: Sequence[float]) -> Axis:
    """A log axis around positive values, at least a factor of 2 wide."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = min(positive), max(positive)
    middle = math.sqrt(low * high)
    return Axis(label, min(low, middle / math.sqrt(2)) * 0.95, max(high, middle * math.sqrt(2)) * 1.05, log=True)


def chart(
    title: str, x: Axis, y: Axis, series: Sequence[Series], shaded_until: float | None = None, size: Size = WIDE
) -> str:
    """The chart as an SVG element; up to `shaded_until` of the x axis it is shaded as not measured."""
    shown = [one for one in series if one.points]
    legend = "".join(_legend(one, index) for index, one in enumerate(shown)) if size.legend else ""
    return (
        f'<svg viewBox="0 0 {size.width} {size.height}" role="img" aria-label="{escape(title, quote=True)}">'
        f"<title>{escape(title)}</title>{_shade(x, shaded_until, size)}{_grid(x, y, size)}"
        + "".join(_draw(one, x, y, size) for one in shown)
        + f"{legend}</svg>"
    )


def _x(axis: Axis, value: float, size: Size) -> float:
    return LEFT + axis.share(value) * (size.right - LEFT)


def _y(axis: Axis, value: float, size: Size) -> float:
    return size.bottom - axis.share(value) * (size.bottom - TOP)


def _shade(x: Axis, until: float | None, size: Size) -> str:
    if until is None or until <= x.low:
        return ""
    width, height = _x(x, until, size) - LEFT, size.bottom - TOP
    return (
        f'<rect class="shade" x="{LEFT}" y="{TOP}" width="{width:.1f}" height="{height}"/>'
        f'<text x="{LEFT + 4}" y="{TOP + 12}">warm-up</text>'
    )


def _grid(x: Axis, y: Axis, size: Size) -> str:
    parts = []
    for tick in y.ticks():
        at = _y(y, tick, size)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{size.right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for tick in x.ticks():
        at = _x(x, tick, size)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{size.bottom}"/>')
        parts.append(f'<text x="{at:.1f}" y="{size.bottom + 16}" text-anchor="middle">{tick:g}</text>')
    middle = (TOP + size.bottom) / 2
    parts.append(f'<text x="{size.width / 2:g}" y="{size.height - 8}" text-anchor="middle">{escape(x.label)}</text>')
    turned = f'transform="rotate(-90 14 {middle})"'
    parts.append(f'<text x="14" y="{middle}" text-anchor="middle" {turned}>{escape(y.label)}</text>')
    return "".join(parts)


def _draw(series: Series, x: Axis, y: Axis, size: Size) -> str:
    at = [(_x(x, one, size), _y(y, other, size)) for one, other in series.points]
    if series.dots:
        circles = "".join(f'<circle cx="{one:.1f}" cy="{other:.1f}" r="2"/>' for one, other in at)
        return f'<g class="dots {series.style}">{circles}</g>'
    if len(at) == 1:  # a line of one point would not be seen
        return f'<g class="dots {series.style}"><circle cx="{at[0][0]:.1f}" cy="{at[0][1]:.1f}" r="3"/></g>'
    path = " ".join(f"{one:.1f},{other:.1f}" for one, other in at)
    return f'<polyline class="line {series.style}" points="{path}"/>'


def _legend(series: Series, index: int) -> str:
    left = LEFT + index * LEGEND_STEP
    return (
        f'<rect class="key {series.style}" x="{left}" y="9" width="14" height="6"/>'
        f'<text x="{left + 20}" y="16">{escape(series.name)}</text>'
    )
