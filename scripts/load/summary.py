"""What a run says: counts, rates and percentiles of its measured part, a row a second of all of it, and its caveats."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from scripts.load.percentiles import QUANTILES, Array, Percentile, order_statistic, percentile
from scripts.load.run_file import CUT_BY_INTERRUPT, NEVER_SENT, NOT_SENT, TOO_LATE, Run, Sample
from scripts.load.settings import MAX_IN_FLIGHT, Mode

LATE_MS = 20.0
"""A schedule lag that is no longer the millisecond by which an event loop wakes up, but work it had to do first."""
BUSY_CPU_PERCENT = 80.0
"""Of the one core this client runs on. Above it answers wait to be read, and that is counted as latency."""


@dataclass(frozen=True)
class Second:
    """What happened within one second of the run, warm-up and drain included."""

    second: int
    sent: int
    done: int
    """Answers, without failures."""
    errors: int
    p50_ms: float | None
    """Of the answers of this second, and None without any; so few samples say something about this second only."""
    p99_ms: float | None
    in_flight_mean: float
    """Requests without an answer, averaged over the second."""


@dataclass(frozen=True)
class Summary:
    """The measured part of a run: requests meant for it, and for rates the answers that came during it."""

    window_start_seconds: float
    window_seconds: float
    requests: int
    answered: int
    errors: dict[str, int]
    """Failures by reason, most frequent first."""
    unfinished: int
    """Unanswered when the run was interrupted: neither answered nor failed."""
    intended_rps: float
    achieved_rps: float
    """Answers a second."""
    tokens_per_second: float
    percentiles: tuple[Percentile, ...]
    mean_ms: float | None
    max_ms: float | None
    lag_p99_ms: float | None
    """Schedule lag: how much later than intended requests were sent; None in a closed loop, which has no schedule."""
    lag_max_ms: float | None
    client_cpu_percent: float
    warnings: tuple[str, ...]
    """What makes the numbers mean less than they seem to."""

    @property
    def error_percent(self) -> float:
        """Failures among the requests that were answered or failed."""
        ended = self.answered + sum(self.errors.values())
        return 100 * sum(self.errors.values()) / ended if ended else 0.0

    def percentile(self, quantile: float) -> Percentile:
        """One of QUANTILES."""
        return next(one for one in self.percentiles if one.quantile == quantile)


def failure(sample: Sample) -> bool:
    """Whether a request failed; one that an interrupt cut neither failed nor was answered."""
    return bool(sample.error) and sample.error != CUT_BY_INTERRUPT


def measured(run: Run) -> list[Sample]:
    """The samples after the warm-up, by when they were meant to be sent."""
    return [sample for sample in run.samples if sample.intended_seconds >= run.settings.warmup_seconds]


def arrived(run: Run) -> list[Sample]:
    """The answers that came in the measured part of the run, whenever they were asked for: throughput is of these."""
    start, end = run.settings.warmup_seconds, run.elapsed_seconds
    return [sample for sample in run.samples if not sample.error and start <= sample.done_seconds < end]


def latencies_ms(run: Run) -> Array:
    """Latencies of the measured answers in milliseconds, ascending."""
    return np.sort(np.array([sample.latency_ms for sample in measured(run) if not sample.error], np.float64))


def summarise(run: Run) -> Summary:
    """Everything the report says about the measured part."""
    samples, came, latencies = measured(run), arrived(run), latencies_ms(run)
    window = max(0.0, run.elapsed_seconds - run.settings.warmup_seconds)
    errors = Counter(sample.error for sample in samples if sample.error)
    unfinished = errors.pop(CUT_BY_INTERRUPT, 0)
    by_clock = run.settings.mode is Mode.OPEN
    sent = [sample for sample in samples if by_clock and sample.error not in NEVER_SENT]
    lags = np.sort(np.array([1000 * (s.sent_seconds - s.intended_seconds) for s in sent], np.float64))
    per_second = 1 / window if window else 0.0
    summary = Summary(
        window_start_seconds=run.settings.warmup_seconds,
        window_seconds=window,
        requests=len(samples),
        answered=len(latencies),
        errors=dict(errors.most_common()),
        unfinished=unfinished,
        intended_rps=len(samples) * per_second,
        achieved_rps=len(came) * per_second,
        tokens_per_second=sum(sample.output_tokens for sample in came) * per_second,
        percentiles=tuple(percentile(latencies, quantile) for quantile in QUANTILES),
        mean_ms=float(latencies.mean()) if len(latencies) else None,
        max_ms=float(latencies[-1]) if len(latencies) else None,
        lag_p99_ms=order_statistic(lags, 0.99) if len(lags) else None,
        lag_max_ms=float(lags[-1]) if len(lags) else None,
        client_cpu_percent=run.client_cpu_percent,
        warnings=(),
    )
    return Summary(**{**vars(summary), "warnings": tuple(warnings(run, summary))})


def warnings(run: Run, summary: Summary) -> list[str]:
    """What a reader must know before the numbers are believed."""
    said = doubts(run, summary)
    if run.settings.mode is Mode.CLOSED:
        said.append(
            "a closed loop asks a slow server less: percentiles understate what users who come by the clock would see"
        )
    return said


def doubts(run: Run, summary: Summary) -> list[str]:
    """Of the warnings, what was measured otherwise than it was meant to be."""
    said = []
    if run.interrupted:
        said.append(
            f"interrupted after {run.elapsed_seconds:.1f} s of {run.settings.seconds:g} s: this is a part of the run"
        )
    if (summary.lag_p99_ms or 0.0) > LATE_MS:
        said.append(
            f"this client could not keep up: 1% of the requests were sent {summary.lag_p99_ms:.0f} ms or more too late "
            f"(over {LATE_MS:g} ms), and latency holds that delay"
        )
    if summary.client_cpu_percent > BUSY_CPU_PERCENT:
        said.append(
            f"this client was busy for {summary.client_cpu_percent:.0f}% of its core (over {BUSY_CPU_PERCENT:g}%): "
            "latency holds its own delay; lower the rate or load from several machines"
        )
    if TOO_LATE in summary.errors:
        said.append(f"this client could not keep up: {summary.errors[TOO_LATE]} requests were never sent")
    if NOT_SENT in summary.errors:
        said.append(f"{summary.errors[NOT_SENT]} requests were not sent, {MAX_IN_FLIGHT} were unanswered already")
    if summary.errors:
        said.append(
            f"percentiles are of the {summary.answered} answers; the {sum(summary.errors.values())} errors are not in"
        )
    return said


def by_second(run: Run) -> list[Second]:
    """A row a second from the start of the run to its last answer."""
    last = max((sample.done_seconds for sample in run.samples), default=0.0)
    count = math.floor(last) + 1 if run.samples else 0
    sent = [0] * count
    done: list[list[float]] = [[] for _ in range(count)]
    errors = [0] * count
    for sample in run.samples:
        sent[min(int(sample.sent_seconds), count - 1)] += sample.error not in NEVER_SENT
        ended = min(int(sample.done_seconds), count - 1)
        if sample.error:
            errors[ended] += 1
        else:
            done[ended].append(sample.latency_ms)
    in_flight = in_flight_means(run, count)
    rows = []
    for second in range(count):
        ascending = np.sort(np.array(done[second], np.float64))
        p50, p99 = (order_statistic(ascending, q) if len(ascending) else None for q in (0.5, 0.99))
        rows.append(Second(second, sent[second], len(ascending), errors[second], p50, p99, in_flight[second]))
    return rows


def in_flight_means(run: Run, seconds: int) -> list[float]:
    """Average number of unanswered requests within each of the first so many seconds."""
    were_sent = [sample for sample in run.samples if sample.error not in NEVER_SENT]
    edges = np.arange(seconds + 1, dtype=np.float64)

    def reached(times: list[float]) -> Array:
        """Sum of min(t, time) at each edge t; that of the ends less that of the starts is the time spent in flight."""
        ascending = np.sort(np.array(times, np.float64))
        before = np.searchsorted(ascending, edges)
        sums = np.concatenate([[0.0], np.cumsum(ascending)])
        total: Array = sums[before] + (len(ascending) - before) * edges
        return total

    spent = reached([s.done_seconds for s in were_sent]) - reached([s.sent_seconds for s in were_sent])
    return [max(0.0, float(mean)) for mean in np.diff(spent)]


def objections(summary: Summary, max_error_percent: float, p99_ms: float | None) -> list[str]:
    """Why the answer is no; empty when the objectives are met."""
    said = []
    if summary.answered == 0:
        said.append("no request of the measured part was answered")
    if summary.error_percent > max_error_percent:
        said.append(f"{summary.error_percent:.2f}% of the requests failed, at most {max_error_percent:g}% may")
    if p99_ms is not None:
        p99 = summary.percentile(0.99)
        if p99.value_ms is None:
            said.append(f"p99 cannot be judged: {p99.why_missing}")
        elif p99.value_ms > p99_ms:
            said.append(f"p99 is {p99.value_ms:.1f} ms, at most {p99_ms:g} ms was asked for")
    return said
