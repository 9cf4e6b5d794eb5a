"""Reads what `python -m tests.bench.bench_triton_predictions` has measured of real Triton: batches, and loads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from aigc.config.json_file import json_model
from aigc.plan.cost_model.request import Request
from aigc.plan.parts import BatchingPlan

MEASURED_BY = "`python -m tests.bench.bench_triton_predictions` writes such a file"
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class BatchTimes(_Part):
    """One instance, with batches of one size."""

    batch: Annotated[int, Field(ge=1)]
    """Requests in it."""
    busy_ms: Positive
    """Of the core, at the mean, when the server has no rest: with all that its requests cost there."""
    ms: Annotated[tuple[Positive, ...], Field(min_length=1)]
    """Of each repetition on a server that rests in between, ascending: from the batch's start to its end."""


class Burst(_Part):
    """So many requests at once."""

    requests: Annotated[int, Field(ge=1)]
    ms: Positive
    """To the last answer, at the median."""


class Range(_Part):
    """The same load again."""

    low: NotNegative
    high: NotNegative


class Loop(_Part):
    """How a server is asked: by users who wait, or by the clock."""

    concurrency: Annotated[int, Field(ge=1)] | None = None
    """Users who ask again once answered."""
    rate: Positive | None = None
    """Requests a second that were sent, in the manner of Poisson."""

    @model_validator(mode="after")
    def _is_one_loop(self) -> Loop:
        if (self.concurrency is None) == (self.rate is None):
            raise ValueError("a load has a concurrency or a rate: give one of them")
        return self


class Load(Loop):
    """What a server did under one load, closed or open."""

    answers: Annotated[int, Field(ge=1)]
    requests_per_second: Positive
    p50_ms: Positive
    p99_ms: Positive
    mean_batch: Positive
    rounds_requests_per_second: Range
    rounds_p99_ms: Range
    core_taken_by_others: NotNegative
    """Share of the server's cores that others had meanwhile."""


class ServedModel(_Part):
    """One model of the repository."""

    model: str
    request: Request
    """Every one of them."""
    batching: BatchingPlan
    outside_ms: NotNegative
    """Of a lone request: what its latency has beside a busy server's batch and the client's part."""
    client_ms: NotNegative = 0.0
    """Of a request: processor time of the client, which is one and handles them one after the other."""
    batches: tuple[BatchTimes, ...]
    bursts: tuple[Burst, ...]
    loads: tuple[Load, ...]


class ServingFile(_Part):
    """A run of the bench."""

    command: str
    commit: str
    date: str
    cpu: str
    """As the kernel names it."""
    server_cores: Annotated[int, Field(ge=1)]
    rounds: Annotated[int, Field(ge=1)]
    models: tuple[ServedModel, ...]


def read_serving(path: Path) -> ServingFile:
    """The run in a file.

    Raises:
        UserError: the file cannot be read, or is none.
    """
    return json_model(path, ServingFile, MEASURED_BY)
