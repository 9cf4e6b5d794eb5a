"""The comparison of two runs as a page: verdicts first, both distributions over each other, both settings."""

from __future__ import annotations

from scripts.load.compare import DRAWS, Difference
from scripts.load.html_report import distribution
from scripts.load.page import page, paragraph, section, table
from scripts.load.run_file import Run
from scripts.load.summary import latencies_ms
from scripts.load.words import interval, number, setting_rows

HEAD = ("metric", "old", "new", "change", "95% interval", "verdict")
HOW = (
    f"Change from old to new; intervals by block bootstrap, {DRAWS} draws of whole blocks of time. One verdict in "
    "twenty is wrong by chance; those marked “for all metrics together” hold at 95% for the table as a whole."
)


def comparison_page(old: Run, new: Run, differences: list[Difference], notes: list[str]) -> str:
    """The whole document."""
    rows = [
        (
            f"{one.name}, {one.unit}",
            number(one.old),
            number(one.new),
            number(one.change),
            interval(one.low, one.high),
            one.why or f"{one.verdict}{' (for all metrics together)' if one.jointly else ''}",
        )
        for one in differences
    ]
    styles = [one.verdict if one.verdict in {"better", "worse"} else "" for one in differences]
    pairs = [
        (name, first, second)
        for (name, first), (_, second) in zip(setting_rows(old), setting_rows(new), strict=True)
    ]  # fmt: skip
    return page(
        f"Load tests of {new.settings.model}: what changed",
        f"old {old.started_utc}, new {new.started_utc}",
        [
            *(paragraph(note, "note") for note in notes),
            section("Verdicts", table(HEAD, rows, range(1, 5), styles), paragraph(HOW, "soft")),
            section(
                "Distribution of latency",
                distribution([("old", latencies_ms(old), "s2"), ("new", latencies_ms(new), "s1")]),
            ),
            section("Settings", table(("", "old", "new"), pairs)),
        ],
    )
