"""The report of one run as a page: what was asked, what came, when, and how sure the numbers are."""

from __future__ import annotations

import numpy as np

from scripts.load.charts import Axis, Points, Series, chart, from_zero, log_axis
from scripts.load.page import page, paragraph, section, table
from scripts.load.percentiles import Array
from scripts.load.run_file import Run
from scripts.load.settings import Mode
from scripts.load.summary import Second, Summary, latencies_ms
from scripts.load.words import load_in_words, percentile_rows, prediction_rows, result_rows, setting_rows

MOST_DOTS = 2000
"""More make the page megabytes large and the cloud a blot."""
MOST_CDF_POINTS = 600
TIME = "seconds since the start"
LATENCY = "latency, ms (log)"
HOW = (
    "Percentiles are exact order statistics of all answers. The 95% intervals are distribution-free and assume "
    "independent answers; where answers queue behind each other they are too narrow. A percentile is shown when its "
    "interval has an upper end among the samples."
)


def run_page(run: Run, summary: Summary, seconds: list[Second], objections: list[str]) -> str:
    """The whole document."""
    counted = "when it should have been sent" if run.settings.mode is Mode.OPEN else "when it was sent"
    return page(
        f"Load test of {run.settings.model}",
        f"{load_in_words(run.settings)}, {run.settings.seconds:g} s, {run.started_utc}",
        [
            *(paragraph(f"✗ {objection}", "no") for objection in objections),
            *(paragraph(warning, "note") for warning in summary.warnings),
            section(
                f"Latency of {summary.answered} answers, from {counted}",
                table(("", "ms", "95% interval, ms", ""), percentile_rows(summary), range(1, 3)),
                paragraph(HOW, "soft"),
            ),
            section("Results", table((), [*result_rows(summary), *prediction_rows(run, summary)])),
            section("Errors", errors_table(summary)),
            section("Latency over time", latency_over_time(run, seconds)),
            section("Distribution of latency", distribution([("answers", latencies_ms(run), "s1")])),
            section("Throughput", throughput(run, seconds), in_flight(run, seconds)),
            section("Settings", table((), setting_rows(run))),
        ],
    )


def errors_table(summary: Summary) -> str:
    """Failures by reason; nothing without any."""
    if not summary.errors:
        return ""
    return table(("failed", "why"), [(str(count), reason) for reason, count in summary.errors.items()], range(1))


def latency_over_time(run: Run, seconds: list[Second]) -> str:
    """Every answer at the time its request was meant, and the percentiles of each second."""
    answers = [sample for sample in run.samples if not sample.error]
    kept = slowest_kept([(sample.intended_seconds, sample.latency_ms) for sample in answers])
    series = [
        Series("answers", kept, "s1", dots=True),
        Series("p50 of each second", middles(seconds, "p50_ms"), "s3"),
        Series("p99 of each second", middles(seconds, "p99_ms"), "s2"),
    ]
    values = [y for one in series for _, y in one.points]
    marks = Series("errors", [(s.done_seconds, 0.0) for s in run.samples if s.error][:MOST_DOTS], "bad", dots=True)
    return chart("Latency over time", time_axis(seconds), log_axis(LATENCY, values), [*series, marks], warmup(run))


def warmup(run: Run) -> float:
    """Until when charts are shaded, in seconds."""
    return run.settings.warmup_seconds


def slowest_kept(points: Points, most: int = MOST_DOTS) -> Points:
    """At most so many points: the slowest and the first of each part of the run, so that no peak is lost."""
    if len(points) <= most:
        return points
    step = -(-2 * len(points) // most)
    groups = [points[start : start + step] for start in range(0, len(points), step)]
    return [point for group in groups for point in (group[0], max(group, key=lambda point: point[1]))]


def middles(seconds: list[Second], field: str) -> Points:
    """A value of each second at the middle of it, without the seconds that have none."""
    return [(s.second + 0.5, getattr(s, field)) for s in seconds if getattr(s, field) is not None]


def time_axis(seconds: list[Second]) -> Axis:
    """From the start to the last answer."""
    return Axis(TIME, 0.0, float(max(1, len(seconds))))


def distribution(runs: list[tuple[str, Array, str]]) -> str:
    """The share of answers that were at least so fast, for one run or several."""
    series = [Series(name, cumulative(ascending), style) for name, ascending, style in runs]
    x = log_axis(LATENCY, [value for one in series for value, _ in one.points])
    return chart("Distribution of latency", x, Axis("answers at most so slow, %", 0.0, 100.0), series)


def cumulative(ascending: Array) -> Points:
    """(latency in ms, percent of answers not slower), thinned evenly but for the slowest hundred."""
    count = len(ascending)
    if count == 0:
        return []
    even = np.linspace(0, count - 1, min(count, MOST_CDF_POINTS)).astype(int)
    ranks = np.union1d(even, np.arange(max(0, count - 100), count))
    return [(float(ascending[rank]), 100.0 * (rank + 1) / count) for rank in ranks]


def throughput(run: Run, seconds: list[Second]) -> str:
    """What was sent, answered and failed in each second."""
    series = [
        Series("sent", middles(seconds, "sent"), "s1"),
        Series("answered", middles(seconds, "done"), "s3"),
        Series("failed", middles(seconds, "errors") if any(s.errors for s in seconds) else [], "bad"),
    ]
    return chart("Throughput", time_axis(seconds), from_zero("requests per second", series), series, warmup(run))


def in_flight(run: Run, seconds: list[Second]) -> str:
    """Requests without an answer, averaged over each second."""
    series = [Series("mean of each second", middles(seconds, "in_flight_mean"), "s2")]
    return chart("In flight", time_axis(seconds), from_zero("requests in flight", series), series, warmup(run))
