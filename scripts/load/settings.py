"""What a load test is asked to do: one frozen value, checked before anything is sent and kept in the run's file."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from aigc.catalog.faults import Fault, UserError
from scripts.load.percentiles import fewest_samples
from scripts.model.client import Protocol

MAX_SECONDS = 3600.0
MAX_REQUESTS = 200_000
"""All samples of a run are kept and sorted; more is 100 MB of Python objects and no better percentile."""
MAX_CONCURRENCY = 1024
MAX_IN_FLIGHT = 4096
"""Requests an open loop may have unanswered at once; beyond it this client's memory would be what is measured."""
MAX_TIMEOUT_SECONDS = 600.0


class Mode(StrEnum):
    """Who decides when the next request is sent."""

    OPEN = "open"
    """The clock: users arrive whether or not the server keeps up."""
    CLOSED = "closed"
    """The server: each of a fixed number of users waits for an answer before asking again."""


class Arrivals(StrEnum):
    """Gaps between the requests of an open loop."""

    POISSON = "poisson"
    CONSTANT = "constant"


class MixFacts(BaseModel):
    """Which lengths were asked for, in words that two runs can be compared by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """The name of a trace in scripts/load/mixes, or `fixed`."""
    prompt_tokens_mean: float
    output_tokens_mean: float
    scale_factor: float = 1.0
    """Lengths of the trace were multiplied by this, prompts and answers alike, to fit the model's context."""
    source: str = ""


class LoadSettings(BaseModel):
    """Everything that decides a run; two runs with the same values send the same requests."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    host: str
    address: str
    protocol: Protocol
    mode: Mode
    rps: float | None
    """Requests per second that an open loop intends to send."""
    concurrency: int | None
    """Requests that a closed loop keeps in flight."""
    arrivals: Arrivals
    seconds: float
    warmup_seconds: float
    timeout_seconds: float
    """A request without an answer for so long, counted from when it was really sent, is an error."""
    drain_seconds: float
    """How long answers are awaited after the last request was sent."""
    seed: int
    mix: MixFacts

    @property
    def window_seconds(self) -> float:
        """The measured part of the run."""
        return self.seconds - self.warmup_seconds

    @property
    def expected_in_flight(self) -> float:
        """Exact in a closed loop; in an open one with answers in a second, by Little's law."""
        return float(self.concurrency or self.rps or 1)


def settings_faults(settings: LoadSettings) -> list[Fault]:
    """Everything that makes a run impossible or endless."""
    return [*rate_faults(settings.rps, settings.concurrency), *time_faults(settings), *count_faults(settings)]


def rate_faults(rps: float | None, concurrency: int | None) -> list[Fault]:
    """What is wrong with the rate or the number of users asked for."""
    flags = "--rps, --concurrency"
    if rps is None and concurrency is None:
        return [Fault(flags, "neither is given", "--rps 2 is an open loop, --concurrency 2 a closed one")]
    if rps is not None and concurrency is not None:
        return [Fault(flags, "both are given, and a run has one loop", "run twice, once with each")]
    if rps is not None and not 0 < rps <= MAX_REQUESTS:
        return [Fault("--rps", f"is {rps:g}", f"give requests per second above 0 and up to {MAX_REQUESTS}")]
    if concurrency is not None and not 1 <= concurrency <= MAX_CONCURRENCY:
        return [Fault("--concurrency", f"is {concurrency}", f"give 1 to {MAX_CONCURRENCY} requests in flight")]
    return []


def time_faults(settings: LoadSettings) -> list[Fault]:
    """What is wrong with the durations; nan is wrong everywhere."""
    seconds, warmup, drain = settings.seconds, settings.warmup_seconds, settings.drain_seconds
    faults = []
    for flag, value, high in (
        ("--seconds", seconds, MAX_SECONDS),
        ("--timeout", settings.timeout_seconds, MAX_TIMEOUT_SECONDS),
    ):
        if not 0 < value <= high:
            faults.append(Fault(flag, f"is {value:g} s", f"give seconds above 0 and up to {high:g}"))
    if not 0 <= drain <= MAX_TIMEOUT_SECONDS:
        faults.append(Fault("--drain-seconds", f"is {drain:g} s", f"give 0 to {MAX_TIMEOUT_SECONDS:g} seconds"))
    if not 0 <= warmup < seconds:
        way_out = "give at least 0 and less than --seconds: the rest is measured"
        faults.append(Fault("--warmup-seconds", f"is {warmup:g} s of {seconds:g} s", way_out))
    return faults


def count_faults(settings: LoadSettings) -> list[Fault]:
    """An open loop knows beforehand how many requests it will send."""
    asked = (settings.rps or 0.0) * settings.seconds
    if asked > MAX_REQUESTS:
        problem = f"ask for {asked:.0f} requests, at most {MAX_REQUESTS} are kept"
        return [Fault("--rps, --seconds", problem, "lower one of them")]
    return []


def objective_faults(settings: LoadSettings, max_error_percent: float, p99_ms: float | None) -> list[Fault]:
    """What is wrong with the objectives, and those that so short a run cannot judge."""
    faults = []
    if not 0 <= max_error_percent <= 100:
        faults.append(Fault("--max-error-percent", f"is {max_error_percent:g}", "give 0 to 100"))
    if p99_ms is None:
        return faults
    needed, rps = fewest_samples(0.99), settings.rps
    if not 0 < p99_ms < math.inf:
        faults.append(Fault("--p99-ms", f"is {p99_ms:g}", "give milliseconds above 0"))
    elif rps is not None and 0 < rps * settings.window_seconds < needed:
        problem = f"needs {needed} answers; {rps:g} a second in {settings.window_seconds:g} measured s are fewer"
        way_out = f"measure {math.ceil(needed / rps)} s or longer after the warm-up, or leave --p99-ms out"
        faults.append(Fault("--p99-ms", problem, way_out))
    return faults


def writable_fault(flag: str, path: Path | None) -> list[Fault]:
    """Why a result could not be written there later; makes the parent folders."""
    if path is None:
        return []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        existed = path.exists()
        with path.open("a", encoding="utf-8"):
            pass
        if not existed:
            path.unlink()
    except (OSError, ValueError) as refused:
        reason = getattr(refused, "strerror", None) or str(refused)
        return [
            Fault(f"{flag} {path}", f"cannot be written: {reason}", "name a file in a folder that you may write to")
        ]
    return []


def refuse(faults: list[Fault], *more: list[Fault]) -> None:
    """Raise every fault at once, if there is any.

    Raises:
        UserError: there is one.
    """
    found = [*faults, *(fault for others in more for fault in others)]
    if found:
        raise UserError(found)


def differing(one: LoadSettings, other: LoadSettings) -> dict[str, tuple[Any, Any]]:
    """The settings two runs do not share, as (one, other)."""
    first, second = one.model_dump(mode="json"), other.model_dump(mode="json")
    return {name: (first[name], second[name]) for name in first if first[name] != second[name]}
