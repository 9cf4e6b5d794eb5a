"""Numbers and settings of a run in words, the same on the terminal and on the page."""

from __future__ import annotations

from aigc.plan.ledger.endpoint_load import EndpointLoad, NotPredicted
from scripts.load.ledger_entry import ledger_entry
from scripts.load.run_file import Run
from scripts.load.settings import LoadSettings, Mode
from scripts.load.summary import Summary

MISSING = "-"


def number(value: float | None) -> str:
    """Three or four digits that matter; `-` for what is not known."""
    if value is None:
        return MISSING
    if value == 0 or abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.4g}" if abs(value) >= 100 else f"{value:.3g}"


def interval(low: float | None, high: float | None) -> str:
    """Both ends of an interval."""
    return MISSING if low is None or high is None else f"{number(low)} to {number(high)}"


def percentile_rows(summary: Summary) -> list[tuple[str, str, str, str]]:
    """(name, value in ms, 95% interval in ms, why it is missing), ending with the slowest answer."""
    rows = [(p.name, number(p.value_ms), interval(p.low_ms, p.high_ms), p.why_missing) for p in summary.percentiles]
    return [*rows, ("max", number(summary.max_ms), MISSING, "the slowest of these answers, no estimate")]


def load_in_words(settings: LoadSettings) -> str:
    """The loop and its rate."""
    if settings.mode is Mode.OPEN:
        return f"open loop, {settings.rps:g} requests/s, {settings.arrivals} arrivals"
    return f"closed loop, {settings.concurrency} in flight"


def mix_in_words(settings: LoadSettings) -> str:
    """Lengths of the requests, and how they were made from the trace."""
    mix = settings.mix
    lengths = f"{mix.prompt_tokens_mean:g} prompt and up to {mix.output_tokens_mean:g} output tokens"
    if not mix.source:
        return f"{lengths} each"
    return f"{mix.name}: lengths x {mix.scale_factor:g} to fit the model, on average {lengths} ({mix.source})"


def setting_rows(run: Run) -> list[tuple[str, str]]:
    """What was asked for."""
    settings = run.settings
    return [
        ("model", f"{settings.model} at {settings.host} through {settings.address}, {settings.protocol}"),
        ("load", load_in_words(settings)),
        ("requests", mix_in_words(settings)),
        ("time", f"{settings.seconds:g} s, the first {settings.warmup_seconds:g} s are warm-up and left out"),
        ("limits", f"{settings.timeout_seconds:g} s an answer, {settings.drain_seconds:g} s for the last ones"),
        ("seed", str(settings.seed)),
        ("started", run.started_utc),
        ("command", run.command),
    ]


def result_rows(summary: Summary) -> list[tuple[str, str]]:
    """What was measured, without the percentiles."""
    failed = sum(summary.errors.values())
    rows = [
        ("measured", f"{summary.window_seconds:.1f} s after the warm-up"),
        (
            "requests",
            f"{summary.requests}: {summary.answered} answered, {failed} failed ({summary.error_percent:.2f}%)",
        ),
        ("throughput", f"{number(summary.achieved_rps)} answers/s of {number(summary.intended_rps)} requests/s"),
        ("tokens", f"{number(summary.tokens_per_second)} tokens/s"),
        ("mean latency", f"{number(summary.mean_ms)} ms"),
        ("client", f"{summary.client_cpu_percent:.0f}% of one core"),
    ]
    if summary.lag_max_ms is not None:
        rows.append(("schedule lag", f"p99 {number(summary.lag_p99_ms)} ms, max {number(summary.lag_max_ms)} ms"))
    if summary.unfinished:
        rows.insert(2, ("unfinished", f"{summary.unfinished} when interrupted"))
    return rows


def prediction_rows(run: Run, summary: Summary) -> list[tuple[str, str]]:
    """What was predicted of the load and how far off that was, or why nothing was; no row where nobody asked."""
    if run.prediction is None:
        return []
    if isinstance(run.prediction, NotPredicted):
        return [("predicted", f"nothing: {run.prediction.reason}")]
    entry, found = ledger_entry(run, summary), run.prediction
    said = [f"{number(found.requests_per_second)} answers/s{_off(entry, 'requests_per_second')}"]
    if found.without_bound:
        said.append("latency without a bound")
    for name, value in (("p50_ms", found.p50_ms), ("p99_ms", found.p99_ms)):
        if value is not None:
            said.append(f"{name.removesuffix('_ms')} {number(value)} ms{_off(entry, name)}")
    left_out = f"; not in it: {'; '.join(found.left_out)}" if found.left_out else ""
    return [("predicted", f"{', '.join(said)} by {found.source}{left_out}")]


def _off(entry: EndpointLoad, quantity: str) -> str:
    error = entry.error_words(quantity)
    return f" ({error})" if error else " (not measured)"
