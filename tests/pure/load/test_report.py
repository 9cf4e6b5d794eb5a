"""The pages are whole HTML, hold the numbers, and need nothing from anywhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scripts.load import compare as comparing
from scripts.load.charts import Axis, Series, chart, log_axis, nice_step
from scripts.load.compare import compare
from scripts.load.compare_page import comparison_page
from scripts.load.html_report import cumulative, run_page, slowest_kept
from scripts.load.run_file import Run
from scripts.load.summary import by_second, objections, summarise
from scripts.load.words import number
from tests.pure.load.runs import run_of, sample

VOID = {"meta", "line", "rect", "circle", "polyline", "br"}


class Page(HTMLParser):
    """Fails on a tag that is not closed in turn; collects the text and what each tag is asked to load."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.loads: list[str] = []
        self.feed(document)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [f"{name}={value}" for name, value in attrs if name in {"src", "href", "xlink:href", "onload"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += f"{data}\n"


def a_run(count: int = 500, error: str = "<b>no & route</b>") -> Run:
    latencies = 20 + np.random.default_rng(1).exponential(50, count)
    samples = [sample(10 * i / count, ms, error if i % 50 == 3 else "") for i, ms in enumerate(latencies)]
    return run_of(samples, warmup_seconds=2.0).model_copy(
        update={"command": "load gpt --host '<script>alert(1)</script>'"}
    )


def page_of(run: Run) -> str:
    summary = summarise(run)
    return run_page(run, summary, by_second(run), objections(summary, 1.0, None))


def test_the_page_holds_the_numbers() -> None:
    run = a_run()
    summary, page = summarise(run), Page(page_of(run))
    for p in summary.percentiles[:4]:
        assert f"\n{number(p.value_ms)}\n" in page.text
        assert f"{number(p.low_ms)} to {number(p.high_ms)}" in page.text
    for said in (f"Latency of {summary.answered} answers", number(summary.max_ms), "needs 3688 answers", "% of the req",
                 number(summary.achieved_rps), "first 2 s are warm-up", "open loop, 10 requests/s"):  # fmt: skip
        assert said in page.text, said
    assert page.tags.count("svg") == 4
    for label in ("latency, ms (log)", "seconds since the start", "requests in flight", "requests per second"):
        assert label in page.text


def test_the_page_needs_nothing_and_runs_nothing() -> None:
    document = page_of(a_run())
    page = Page(document)
    assert page.loads == []
    assert not {"script", "link", "img", "iframe", "b"} & set(page.tags)
    assert not re.search(r"https?://|@import|url\(", document)
    assert "<script>alert(1)</script>" in page.text, "shown, not run"
    assert "prefers-color-scheme: dark" in document


@pytest.mark.parametrize("samples", [[], [sample(0, 1)], [sample(0, 1, "x")], [sample(3, 0.0)]])
def test_a_run_of_next_to_nothing_has_a_page(samples: list[object]) -> None:
    assert "svg" in Page(page_of(run_of(samples))).tags  # type: ignore[arg-type]


def test_a_long_run_has_a_small_page_and_keeps_its_peak() -> None:
    run = a_run(20_000)
    assert len(page_of(run)) < 400_000
    points = [(i / 1000, 1.0) for i in range(20_000)]
    points[11_234] = (11.234, 99.0)
    assert (11.234, 99.0) in slowest_kept(points)
    assert cumulative(np.arange(1.0, 20_001.0))[-1] == (20_000.0, 100.0)


def test_the_comparison_shows_both_runs_and_the_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "DRAWS", 400)
    old, new = a_run(), run_of([sample(i / 50, 300 + i % 7) for i in range(500)])
    page = Page(comparison_page(old, new, compare(old, new, 1), ["rps differs"]))
    assert page.tags.count("svg") == 1
    for said in ("\nold\n", "\nnew\n", "worse (for all metrics together)", "rps differs", "needs 3688 answers"):
        assert said in page.text, said


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.floats(1e-3, 1e6), st.floats(1.0, 1e6))
def test_log_axes_have_ticks_inside_and_points_stay_inside(low: float, factor: float) -> None:
    axis = log_axis("ms", [low, low * factor])
    assert 2 <= len(axis.ticks()) <= 40
    assert all(0 <= axis.share(value) <= 1 for value in (*axis.ticks(), 0.0, low, low * factor, 1e12))


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.floats(1e-6, 1e9))
def test_linear_axes_have_round_ticks(high: float) -> None:
    ticks = Axis("", 0.0, high).ticks()
    assert 2 <= len(ticks) <= 8
    assert nice_step(high / 6) >= high / 6 * (1 - 1e-9)


def test_a_chart_escapes_its_names() -> None:
    drawn = chart("a<b", Axis("x & y", 0, 1), Axis("", 0, 1), [Series('"<', [(0.5, 0.5)], "s1")])
    assert "a&lt;b" in drawn
    assert "x &amp; y" in drawn


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "-"), (0.0, "0"), (0.01234, "0.0123"), (12.345, "12.3"), (123.45, "123.5"), (12345.6, "12346")],
)
def test_numbers_have_the_digits_that_matter(value: float | None, shown: str) -> None:
    assert number(value) == shown
