"""The status page in a real browser: it is whole, runs nothing, loads nothing, and fits a desk and a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.status_page.html import status_page
from tests.browser.chromium import Page, browser
from tests.pure.status_page.samples import sample_state

# No cluster is needed, but a browser of 340 MB: `make check` does without.
pytestmark = pytest.mark.cluster

WIDTHS = (1280, 390)
"""Of a laptop and of a phone."""
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "status.html"
    path.write_text(status_page(sample_state()), "utf-8")
    return path


def assert_sound(tab: Page, document: Path) -> None:
    """Nothing was loaded but the file, nothing complained, and nothing is wider than the window, at either width."""
    for width in WIDTHS:
        tab.open(document, width)
        assert tab.requests == [document.as_uri()]
        assert tab.faults == []
        assert tab.evaluate("innerWidth") == width
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        wide = tab.evaluate(
            "[...document.querySelectorAll('p,h1,h2,figure,summary')].filter(e => e.scrollWidth > e.clientWidth + 1 "
            "&& getComputedStyle(e).display != 'inline').map(e => e.tagName + ' ' + e.textContent.slice(0, 60))"
        )
        assert wide == []
        sizes = tab.evaluate(
            "[...document.querySelectorAll('details[open] > .charts > figure > svg')].map("
            "e => [e.getBoundingClientRect().width, e.getBoundingClientRect().height])"
        )
        assert sizes and all(shown >= 250 and height >= 100 for shown, height in sizes), sizes


def test_it_is_sound_at_both_widths(tab: Page, document: Path, tmp_path: Path) -> None:
    assert_sound(tab, document)
    tab.screenshot(tmp_path / "phone.png")
    assert (tmp_path / "phone.png").read_bytes().startswith(PNG)


def test_each_section_shows_its_numbers(tab: Page, document: Path) -> None:
    tab.open(document, 1280)
    headings = tab.evaluate("[...document.querySelectorAll('h2')].map(e => e.textContent)")
    assert headings[:3] == ["In short", "Alerts that fire", "Endpoint gpt"]
    assert {"Fleet", "Processes of this machine", "Workloads in the cluster"} <= set(headings)
    text = re.sub(r"\s+", " ", tab.evaluate("document.body.innerText"))
    for number in ("coredns: exited 12 times", "RequestSlowBurn", "2215 ms", "7.25 requests/s", "1777 ms", "213 ms"):
        assert number in text, number
    causes = tab.evaluate("[...document.querySelectorAll('.verdict')].map(e => e.dataset.cause)")
    assert causes == ["cold start", "queueing"]


def test_a_group_that_is_closed_opens_at_a_touch(tab: Page, document: Path) -> None:
    tab.open(document, 390)
    closed = "document.querySelectorAll('details:not([open]) > summary')"
    before = tab.evaluate("document.body.innerText.length")
    assert tab.evaluate(f"{closed}.length") > 3
    tab.evaluate(f"[...{closed}].forEach(e => e.click())")
    assert tab.evaluate("document.body.innerText.length") > 2 * before
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_read_in_light_and_dark(tab: Page, document: Path, dark: bool) -> None:
    tab.open(document, 1280, dark=dark)
    ink, paper = (
        brightness(tab.evaluate(f"getComputedStyle(document.body).{name}")) for name in ("color", "backgroundColor")
    )
    assert (ink > paper) is dark
    # WCAG AAA for text.
    assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) >= 7


def brightness(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)`, as WCAG defines it."""
    channels = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        ("<script>nothing.at.all</script>", "faults"),
        ('<img src="http://127.0.0.1:9/x.png">', "requests"),
        ('<p style="width: 2000px">wide</p>', "width"),
    ],
)
def test_the_browser_would_see_what_is_wrong(tab: Page, tmp_path: Path, broken: str, what: str) -> None:
    path = tmp_path / "broken.html"
    path.write_text(f'<!DOCTYPE html><meta name="viewport" content="width=device-width"><body>{broken}</body>')
    tab.open(path, 390)
    tab.evaluate("new Promise(done => setTimeout(done, 200))")
    assert {
        "faults": bool(tab.faults),
        "requests": len(tab.requests) > 1,
        "width": tab.evaluate("document.documentElement.scrollWidth") > 390,
    }[what]
