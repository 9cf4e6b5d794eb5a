"""Whether two runs differ by more than chance: block bootstrap of every metric's difference, and a verdict for each.

A run is parted into blocks of time, and blocks are drawn again with replacement: answers that queued behind each other
stay together, which drawing single answers would tear apart and so promise more certainty than there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import Any

import numpy as np

from aigc.catalog.faults import Fault
from scripts.load.percentiles import QUANTILES, Array, fewest_samples, percentile_name
from scripts.load.run_file import Run
from scripts.load.settings import differing
from scripts.load.summary import arrived, failure, measured, summarise

BLOCKS = 20
"""At least so many blocks a run; fewer make too few different draws."""
BLOCK_SECONDS = 1.0
"""Longest block, about as long as a queue of the runs made here lasts."""
DRAWS = 4000
"""The joint interval of 8 metrics cuts 0.3% at each end: 12 draws."""
CHUNK_DRAWS = 250
"""Draws weighed at once: with MOST_RANKS numbers each, 7 MB."""
MOST_RANKS = 3500
LEVEL = 0.95
MATTERS = ("mode", "rps", "concurrency", "arrivals", "mix")
"""Settings that must be equal: with another load, other latencies say nothing about the server."""


class Verdict(StrEnum):
    """What the interval of a difference says."""

    BETTER = "better"
    WORSE = "worse"
    NOT_SHOWN = "no difference shown"
    UNKNOWN = "not comparable"


@dataclass(frozen=True)
class Difference:
    """One metric in both runs, and its change from old to new with a 95% interval."""

    name: str
    unit: str
    old: float | None
    new: float | None
    change: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    jointly: bool = False
    """The verdict also holds at 95% for all metrics together, where one of many would differ by chance."""
    why: str = ""


@dataclass(frozen=True)
class _Blocks:
    """A run cut into blocks of time: what each contributes to every metric."""

    ascending_ms: Array
    block_of_latency: np.ndarray[tuple[int], np.dtype[np.int64]]
    requests: Array
    failed: Array
    answers: Array
    tokens: Array
    block_seconds: float

    @property
    def count(self) -> int:
        return len(self.requests)


def settings_faults(old: Run, new: Run) -> list[Fault]:
    """Why the two runs answer different questions."""
    way_out = "measure again with the same load, or add --force to compare all the same"
    different = differing(old.settings, new.settings)
    return [
        Fault(f"setting {name}", f"is {different[name][0]} in the old run and {different[name][1]} in the new", way_out)
        for name in MATTERS
        if name in different
    ]


def compare(old: Run, new: Run, seed: int) -> list[Difference]:
    """Every metric of two runs, the change counted from old to new."""
    blocks = [_blocks(run) for run in (old, new)]
    draws = [_draws(one, np.random.default_rng([seed, index])) for index, one in enumerate(blocks)]
    freedom = sum(one.count - 1 for one in blocks)
    first, second = summarise(old), summarise(new)
    rows: list[tuple[str, str, float | None, float | None, bool, str]] = []
    for quantile in QUANTILES:
        one, other = first.percentile(quantile), second.percentile(quantile)
        why = "; ".join(f"{run}: {p.why_missing}" for run, p in (("old", one), ("new", other)) if p.why_missing)
        rows.append((percentile_name(quantile), "ms", one.value_ms, other.value_ms, False, why))
    rows += [
        ("throughput", "answers/s", first.achieved_rps, second.achieved_rps, True, ""),
        ("tokens", "tokens/s", first.tokens_per_second, second.tokens_per_second, True, ""),
        ("errors", "%", first.error_percent, second.error_percent, False, ""),
    ]
    known = sum(not row[-1] for row in rows)
    return [_difference(row, draws[0][row[0]], draws[1][row[0]], known, freedom) for row in rows]


def _difference(
    row: tuple[str, str, float | None, float | None, bool, str],
    old_draws: Array,
    new_draws: Array,
    metrics: int,
    freedom: int,
) -> Difference:
    name, unit, old, new, more_is_better, why = row
    if why or old is None or new is None or not len(old_draws) or not len(new_draws):
        return Difference(name, unit, old, new, None, None, None, Verdict.UNKNOWN, why=why or "too few answers")
    change = new_draws - old_draws
    low, high = _interval(change, LEVEL, freedom)
    joint_low, joint_high = _interval(change, 1 - (1 - LEVEL) / metrics, freedom)  # Bonferroni
    if low <= 0 <= high:
        verdict = Verdict.NOT_SHOWN
    else:
        verdict = Verdict.BETTER if (low > 0) == more_is_better else Verdict.WORSE
    return Difference(name, unit, old, new, new - old, low, high, verdict, jointly=not joint_low <= 0 <= joint_high)


def _interval(change: Array, level: float, freedom: int) -> tuple[float, float]:
    """The middle share of the draws, widened from the normal to Student's distribution: few blocks show less of chance.

    The ratio of both quantiles is the first term of its expansion in 1/freedom, 0.2% short at 38 and 95%.
    """
    low, centre, high = np.quantile(change, [(1 - level) / 2, 0.5, (1 + level) / 2])
    wider = 1 + (NormalDist().inv_cdf((1 + level) / 2) ** 2 + 1) / (4 * freedom)
    return float(centre - wider * (centre - low)), float(centre + wider * (high - centre))


def _blocks(run: Run) -> _Blocks:
    start = run.settings.warmup_seconds
    window = max(run.elapsed_seconds - start, 1e-9)
    count = max(BLOCKS, int(np.ceil(window / BLOCK_SECONDS)))
    length = window / count

    def block(seconds: list[float]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.clip(((np.array(seconds, np.float64) - start) / length).astype(np.int64), 0, count - 1)

    samples, came = measured(run), arrived(run)
    answered = [sample for sample in samples if not sample.error]
    latencies = np.array([sample.latency_ms for sample in answered], np.float64)
    order = np.argsort(latencies, kind="stable")
    of_sample, of_answer = block([s.intended_seconds for s in samples]), block([s.done_seconds for s in came])
    return _Blocks(
        ascending_ms=latencies[order],
        block_of_latency=block([sample.intended_seconds for sample in answered])[order],
        requests=np.bincount(of_sample, minlength=count).astype(np.float64),
        failed=np.bincount(of_sample, [float(failure(s)) for s in samples], minlength=count).astype(np.float64),
        answers=np.bincount(of_answer, minlength=count).astype(np.float64),
        tokens=np.bincount(of_answer, [s.output_tokens for s in came], minlength=count).astype(np.float64),
        block_seconds=length,
    )


def _draws(blocks: _Blocks, random: np.random.Generator) -> dict[str, Array]:
    """Every metric of DRAWS runs made of the blocks of this one."""
    # One block less than there are: drawing all of them gives 2.6% too narrow intervals for 20 blocks (Rao and Wu).
    drawn_blocks = blocks.count - 1
    times = random.multinomial(drawn_blocks, np.full(blocks.count, 1 / blocks.count), DRAWS).astype(np.float64)
    seconds = drawn_blocks * blocks.block_seconds
    requests = np.maximum(times @ blocks.requests, 1.0)
    drawn = {
        "throughput": times @ blocks.answers / seconds,
        "tokens": times @ blocks.tokens / seconds,
        "errors": 100 * (times @ blocks.failed) / requests,
    }
    known = [quantile for quantile in QUANTILES if len(blocks.ascending_ms) >= fewest_samples(quantile)]
    values = _weighted(blocks, times, known)
    for quantile in QUANTILES:
        has = quantile in known
        drawn[percentile_name(quantile)] = values[:, known.index(quantile)] if has else np.array([], np.float64)
    return drawn


def _weighted(blocks: _Blocks, times: Array, quantiles: list[float]) -> Array:
    """A row of quantiles a draw, when each latency counts as often as its block was drawn."""
    values = np.empty((len(times), len(quantiles)))
    if not quantiles:
        return values
    ranks = rank_grid(len(blocks.ascending_ms))
    ascending = blocks.ascending_ms[ranks - 1]
    of_block = np.array([np.searchsorted(own, ranks, side="right") for own in _ranks_of_blocks(blocks)], np.float64)
    shares = np.array(quantiles)
    for start in range(0, len(times), CHUNK_DRAWS):
        for row, counts in enumerate(times[start : start + CHUNK_DRAWS] @ of_block, start):
            values[row] = ascending[np.searchsorted(counts, shares * counts[-1] - 1e-9)]
    return values


def _ranks_of_blocks(blocks: _Blocks) -> list[np.ndarray[Any, np.dtype[np.int64]]]:
    """The ranks, counted from 1, that the latencies of each block have among all."""
    order = np.argsort(blocks.block_of_latency, kind="stable")
    ends = np.cumsum(np.bincount(blocks.block_of_latency, minlength=blocks.count))
    return np.split(order + 1, ends[:-1])


def rank_grid(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The ranks that quantiles of draws are looked for at: all of few samples.

    Of more, steps of 1/2000 of them, and towards the slowest ones finer, 1% of the distance to the end: with 100,000
    samples that is less than a fifth of what chance moves a percentile by.
    """
    if count <= MOST_RANKS:
        return np.arange(1, count + 1)
    tail = count + 1 - np.geomspace(1, count, 1500)
    return np.unique(np.concatenate([np.linspace(1, count, 2000), tail]).round().astype(np.int64))
