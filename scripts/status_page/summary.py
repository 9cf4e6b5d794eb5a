"""The numbers of an endpoint as rows of a table: now, before, and what each is measured against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aigc.observability.p99_diagnosis import FAULTS_PER_SECOND, MEMORY_FULL_SHARE, Numbers, Part
from aigc.observability.panels import Unit
from scripts.status_page.pictures import value_words
from scripts.status_page.state import EndpointState

PANELS = (
    "Burn rate: errors",
    "Burn rate: slow requests",
    "Mean batch size",
    "Pods: wanted and there",
    "Pods that answer, and that do not",
)
"""Panels of the dashboards whose values now stand in the table, in this order, as far as the endpoint has them."""


@dataclass(frozen=True)
class _Row:
    words: str
    field: str
    unit: Unit
    against: str = ""


def number_rows(endpoint: EndpointState) -> list[tuple[str, str, str]]:
    """(what and against what, now, before), the path from the gateway inwards."""
    now, before = endpoint.now, endpoint.before
    requests = [
        _Row("requests", "requests_per_second", Unit.REQUESTS_PER_SECOND),
        _Row("p50", "p50_ms", Unit.MILLISECONDS),
        _Row("p99", "p99_ms", Unit.MILLISECONDS, f"objective {endpoint.p99_ms:g} ms"),
        _Row("mean at the gateway", "entry_ms", Unit.MILLISECONDS, "the sum of the parts below"),
    ]
    rest = [
        _Row("through the activator", "activator_ms", Unit.MILLISECONDS, "mean of those that went there"),
        _Row("waiting in the activator, at most", "activator_queued", Unit.COUNT, "requests"),
        _Row("pending in Triton, at most", "triton_pending", Unit.COUNT, "requests"),
        _Row("pods that started", "pods_started", Unit.COUNT),
        _Row("memory pages read back", "major_faults_per_second", Unit.OPERATIONS_PER_SECOND,
             f"{FAULTS_PER_SECOND:g} and more are memory pressure"),
        _Row("memory of the fullest container", "memory_share", Unit.SHARE, "of its limit"),
        _Row("memory of the node", "node_memory_share", Unit.SHARE, f"bad from {MEMORY_FULL_SHARE:.0%}"),
    ]  # fmt: skip
    rows = [_number_row(row, now, before) for row in requests]
    rows += _part_rows(now, before)
    return rows + [_number_row(row, now, before) for row in rest if getattr(now, row.field) is not None]


def _number_row(row: _Row, now: Numbers, before: Numbers) -> tuple[str, str, str]:
    last, usual = (value_words(getattr(numbers, row.field), row.unit) for numbers in (now, before))
    return (f"{row.words} ({row.against})" if row.against else row.words, last, usual)


def _part_rows(now: Numbers, before: Numbers) -> list[tuple[str, str, str]]:
    parts, usual = now.parts_ms(), before.parts_ms()

    def words(part: Part, times: dict[Part, float]) -> str:
        return value_words(times.get(part), Unit.MILLISECONDS)

    return [(f"… {part}", words(part, parts), words(part, usual)) for part in Part if part in parts or part in usual]


def panel_rows(endpoint: EndpointState) -> list[tuple[str, str]]:
    """(line of a panel, its value now), for what no field of `Numbers` holds: burn, batches, replicas."""
    return [row for title in PANELS for row in _lines_of(endpoint, title)]


def _lines_of(endpoint: EndpointState, title: str) -> Iterator[tuple[str, str]]:
    for picture in endpoint.pictures():
        if picture.panel.title == title:
            yield from ((f"{title}: {one.name}", value_words(one.last, picture.panel.unit)) for one in picture.lines)
