"""The ledger as a document: what is kept in a file, and compared with the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, FiniteFloat

from aigc.catalog.accelerators import accelerators
from aigc.catalog.reference.architectures import ARCHITECTURES
from aigc.catalog.reference.work import work_of
from aigc.config.json_file import json_model
from aigc.plan.cost_model.estimate import Estimate
from aigc.plan.cost_model.profile_file import ProfileFile
from aigc.plan.cost_model.served_work import ServedWork
from aigc.plan.ledger.causes import Miss, misses
from aigc.plan.ledger.entries import Entry, Method, entries, of_method
from aigc.plan.ledger.scores import scores

DIGITS = 4
_WRITTEN_BY = "`python -m tests.bench.bench_ledger` writes such a file"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Errors(_Part):
    median: FiniteFloat
    worst: FiniteFloat


class KeptScore(_Part):
    """What an earlier ledger says of a model on an accelerator."""

    model: str
    accelerator_id: str
    method: Method
    latency: _Errors | None
    throughput: _Errors | None


class KeptLedger(_Part):
    """An earlier ledger, as far as a new one is compared with it."""

    commit: str
    date: str
    scores: tuple[KeptScore, ...]


def ledger_of(files: Iterable[ProfileFile]) -> list[Entry]:
    """Every prediction of the reference models that were measured."""
    profiles = [row for file in files for row in file.profiles]
    served = {one.name: ServedWork(one.name, work_of(one)) for one in ARCHITECTURES}
    return list(entries(profiles, served, accelerators()))


def as_json(found: Sequence[Entry]) -> dict[str, Any]:
    """`scores`, `misses` and `rows`; errors are shares of what was measured."""
    first = of_method(found, Method.ASSUMED)
    second = of_method(found, Method.CALIBRATED)
    return {
        "scores": [rounded(asdict(score)) for score in scores(found)],
        "misses": [_miss(one) for one in misses(found)],
        "rows": [_row(one, other) for one, other in zip(first, second, strict=True)],
    }


def read_ledger(path: Path) -> KeptLedger:
    """A ledger that was kept.

    Raises:
        UserError: the file cannot be read, or is none.
    """
    return json_model(path, KeptLedger, _WRITTEN_BY)


def _row(assumed: Entry, calibrated: Entry) -> dict[str, Any]:
    measured = assumed.measured
    return {
        "model": measured.model,
        "accelerator_id": measured.accelerator_id,
        "request": measured.request.model_dump(exclude_defaults=True),
        "batch": measured.batch,
        "latency_ms": measured.latency_ms,
        "requests_per_second": measured.requests_per_second,
        "predicted": {one.method.value: _predicted(one) for one in (assumed, calibrated)},
    }


def _predicted(entry: Entry) -> dict[str, Any]:
    if not isinstance(entry.predicted, Estimate):
        return {"reason": entry.predicted.reason}
    return rounded(
        {
            "latency_ms": entry.predicted.latency_ms,
            "requests_per_second": entry.predicted.requests_per_second,
            "latency_error": entry.latency_error,
            "throughput_error": entry.throughput_error,
        }
    )


def _miss(one: Miss) -> dict[str, Any]:
    worst = one.worst
    return rounded(
        {
            "model": one.model,
            "accelerator_id": one.accelerator_id,
            "method": one.method,
            "rows": one.rows,
            "cause": None if one.cause is None else {"phase": one.cause[0], "parameter": one.cause[1]},
            "taken": one.taken,
            "seen": None if one.least_seen is None else [one.least_seen, one.most_seen],
            "worst": {
                "request": worst.measured.request.model_dump(exclude_defaults=True),
                "batch": worst.measured.batch,
                "latency_error": worst.latency_error,
            },
        }
    )


def rounded(value: dict[str, Any]) -> dict[str, Any]:
    """Every number in a document to the digits that mean something."""
    return {key: _rounded_value(one) for key, one in value.items()}


def _rounded_value(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return rounded(value)
    return [_rounded_value(one) for one in value] if isinstance(value, list) else value
