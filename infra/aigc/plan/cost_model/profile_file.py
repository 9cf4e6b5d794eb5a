"""Reads what `python -m scripts.measure` has written: every fault at once, each with its path in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path as FilePath
from typing import Annotated

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from aigc.catalog.accelerators import accelerators
from aigc.catalog.data import HERE
from aigc.catalog.faults import UserError, fail
from aigc.config.json_file import json_document
from aigc.config.problems import Problem, did_you_mean, printable
from aigc.config.spec_model import SpecModel, Text
from aigc.config.stacks import shown
from aigc.plan.cost_model.profiles import Positive, Profile

MEASURED = HERE / "measured"
"""A file a run."""
MEASURE_ANEW = "`python -m scripts.measure` writes such a file, on a machine with the accelerator"


class MeasuredBatch(Profile):
    """A profile, and how far its repetitions were apart."""

    repetitions: Annotated[int, Field(ge=1)]
    fastest_ms: Positive
    slowest_ms: Positive


class Machine(SpecModel):
    """What measured."""

    gpu: Text
    gpu_memory_bytes: Annotated[int, Field(gt=0)]
    driver: Text
    power_limit: Text
    most_clock: Text
    torch: Text
    cuda: Text
    system: Text


class ProfileFile(SpecModel):
    """A run of the measuring program."""

    command: Text
    """That made it."""
    commit: Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
    """Of the program."""
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """When it ran."""
    machine: Machine
    """Where it ran."""
    reached: dict[str, Positive]
    """What a large product of matrices, and moving, reach at best."""
    profiles: tuple[MeasuredBatch, ...]
    """A row a measured batch."""


def read_profiles(path: FilePath) -> ProfileFile:
    """The run in a file.

    Raises:
        UserError: the file cannot be read, is malformed, or contradicts itself or the catalog.
    """
    name = shown(path)
    document = json_document(path, MEASURE_ANEW)
    try:
        # Through text, since only in JSON does the strict validator take a list for a tuple.
        file = ProfileFile.model_validate_json(json.dumps(document))
    except ValidationError as error:
        problems = [_problem(one) for one in error.errors(include_url=False)]
        raise UserError(one.fault(f"{name}: ", root="") for one in problems) from error
    if problems := list(_contradictions(file)):
        raise UserError(one.fault(f"{name}: ", root="") for one in problems)
    return file


@cache
def measured_profiles(folder: FilePath = MEASURED) -> tuple[ProfileFile, ...]:
    """All runs that the catalog holds, the oldest first.

    Raises:
        UserError: one of the files is at fault, or the folder has none.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise fail(shown(folder), "holds no measured profiles", MEASURE_ANEW)
    return tuple(sorted((read_profiles(path) for path in paths), key=lambda file: file.date))


def _contradictions(file: ProfileFile) -> Iterator[Problem]:
    known = accelerators()
    if not file.profiles:
        yield Problem(("profiles",), "has no rows", MEASURE_ANEW)
    for at, row in enumerate(file.profiles):
        if row.accelerator_id not in known:
            said = f"the catalog knows nothing of {printable(row.accelerator_id)}"
            yield Problem(("profiles", at, "accelerator_id"), said, did_you_mean(row.accelerator_id, known))
        if not row.fastest_ms <= row.latency_ms <= row.slowest_ms:
            said = f"is {row.latency_ms:g}, not between fastest_ms {row.fastest_ms:g} and slowest_ms {row.slowest_ms:g}"
            yield Problem(("profiles", at, "latency_ms"), said, "it is their median; take the row as it was measured")


def _problem(error: ErrorDetails) -> Problem:
    given = "" if isinstance(error["input"], dict | list) else f" ({printable(json.dumps(error['input']))})"
    return Problem(error["loc"], f"is not as it must be{given}: {error['msg']}", MEASURE_ANEW)
