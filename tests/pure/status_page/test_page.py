"""The page says what is, also when little is known; it needs nothing but itself."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from aigc.observability.dashboards import dashboards
from aigc.observability.panels import Panel, Query, Shape, Unit
from scripts.status_page.html import status_page
from scripts.status_page.pictures import drawn, value_words
from scripts.status_page.state import Line, Picture
from scripts.status_page.summary import PANELS, panel_rows
from tests.pure.program.plans import gcp_plan, local_plan
from tests.pure.status_page.samples import BARE, sample_state

VOID = {"meta", "br"}
HOURS = 24
"""For so long the local Prometheus keeps its data."""


class Balanced(HTMLParser):
    """Fails on a tag that is not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def parsed(document: str) -> Balanced:
    parser = Balanced()
    parser.feed(document)
    parser.close()
    assert parser.open == []
    return parser


def words(document: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", document.split("<body>")[1]))


@pytest.fixture(scope="module")
def document() -> str:
    return status_page(sample_state())


def test_it_names_the_reason_of_each_incident_first(document: str) -> None:
    text = words(document)
    assert "Why is p99 up? cold start" in text and "Why is p99 up? queueing" in text
    assert "2215 ms" in text, "the wait for a pod: 2345 ms through the activator less 130 ms in the pod"
    assert text.index("In short") < text.index("cold start") < text.index("Processes of this machine")


def test_every_number_of_the_table_is_there_with_its_unit(document: str) -> None:
    text = words(document)
    objective = f"objective {local_plan().endpoints[0].slo.p99_ms:g} ms"
    for number in (objective, "7.25 requests/s", "6123 ms", "1777 ms", "213 ms", "14", "21 %", "140 ms"):
        assert number in text, number


def test_the_alert_that_fires_is_shown_and_the_pending_one_is_not(document: str) -> None:
    assert document.count("RequestSlowBurn") == 1
    assert "2026-01-02 03:04:05" in document and "Look next at Request path" in document


def test_what_others_write_is_shown_and_not_run(document: str) -> None:
    assert "&lt;slow&gt;" in document and "&lt;boom&gt;" in document and "<boom>" not in document


def test_what_does_not_run_comes_first_and_in_words(document: str) -> None:
    text = words(document)
    assert text.index("coredns: exited 12 times") < text.index("Alerts that fire")
    assert "gateway/gateway: 0 of 1 replicas available" in text


def test_it_needs_nothing_else_and_runs_nothing(document: str) -> None:
    tags = parsed(document)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in tags.seen}
    assert not [attributes for _, attributes in tags.seen if {"src", "href", "onload", "onclick"} & set(attributes)]
    assert "http://" not in document and "https://" not in document and "url(" not in document


def test_every_panel_of_the_dashboards_is_drawn_but_heatmaps(document: str) -> None:
    text = words(document)
    for page in dashboards(local_plan()):
        for panel in page.panels:
            assert (panel.title.replace("'", "&#x27;") in text) is (panel.shape is not Shape.HEATMAP), panel.title
    assert document.count('<svg viewBox="0 0 360') > 40


def test_a_panel_of_two_dashboards_is_drawn_once_for_an_endpoint() -> None:
    for endpoint in sample_state().endpoints:
        drawn_panels = [(one.panel.title, one.panel.queries) for one in endpoint.pictures()]
        assert len(drawn_panels) == len(set(drawn_panels))
        assert "Why is p99 up?" in endpoint.groups[0].title


def test_the_table_asks_for_panels_that_there_are() -> None:
    titles = {panel.title for plan in (local_plan(), gcp_plan()) for page in dashboards(plan) for panel in page.panels}
    assert set(PANELS) <= titles
    rows = [name for endpoint in sample_state().endpoints for name, _ in panel_rows(endpoint)]
    assert {name.split(":")[0] for name in rows} >= {"Burn rate", "Mean batch size", "Pods"}


def test_without_the_cluster_it_says_so_and_how_to_get_one() -> None:
    problem = "No numbers: there is no kubeconfig"
    text = words(status_page(replace(BARE, processes=(), workloads=(), problems=(problem,))))
    assert "The local cluster is down; `make up` brings it up." in text and problem in text
    assert "Not known: Prometheus could not be asked." in text


def test_without_prometheus_what_runs_is_still_shown() -> None:
    text = words(status_page(replace(BARE, problems=("No numbers: Prometheus at 10.0.0.1 does not answer",))))
    assert "does not answer" in text and "coredns" in text and "0 of 1 replicas available" in text
    assert "Not known: Prometheus could not be asked." in text


def test_without_any_traffic_there_are_dashes_and_no_fault() -> None:
    document = status_page(sample_state(empty=True))
    assert "no data" in document and "None." in words(document)
    assert "No requests were counted" in document
    parsed(document)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (None, Unit.MILLISECONDS, "-"),
        (0.5, Unit.SHARE, "50 %"),
        (1500.0, Unit.MICROSECONDS, "1.5 ms"),
        (3.0, Unit.COUNT, "3"),
        (0.0, Unit.REQUESTS_PER_SECOND, "0 requests/s"),
    ],
)
def test_a_value_has_its_unit(value: float | None, unit: Unit, expected: str) -> None:
    assert value_words(value, unit) == expected


def panel(**changes: Any) -> Panel:
    return replace(Panel("Memory", "words", Unit.SHARE, (Query("x", "x"),), bad_from=0.9), **changes)


def test_the_threshold_is_drawn_once_a_line_comes_near_it() -> None:
    low, high = (Picture(panel(), (Line("node", ((-60.0, share), (0.0, share)), share),)) for share in (0.1, 0.8))
    assert 'class="line bad"' not in drawn(low, 30) and 'class="line bad"' in drawn(high, 30)


def test_a_bad_value_is_marked_above_and_below() -> None:
    line = Line("node", ((0.0, 0.95),), 0.95)
    assert "class=worse" in drawn(Picture(panel(), (line,)), 30)
    assert "class=worse" not in drawn(Picture(panel(bad_from=None, bad_below=0.25), (line,)), 30)
    assert "class=worse" in drawn(Picture(panel(bad_from=None, bad_below=0.96, shape=Shape.NUMBERS), (line,)), 30)


def test_negative_values_stay_inside_the_picture() -> None:
    svg = drawn(Picture(panel(bad_from=None), (Line("excess", ((-60.0, -2.0), (0.0, -1.0)), -1.0),)), 30)
    (points,) = re.findall(r'points="([^"]*)"', svg)
    assert all(30 <= float(point.split(",")[1]) <= 146 for point in points.split())
