"""Reads the plain problem from a JSON file: every fault at once, each with its path in the file."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from aigc.catalog.faults import UserError, fail
from aigc.config.problems import Path, Problem, did_you_mean, printable
from aigc.config.stacks import shown
from aigc.plan.mix.workload import MachineType, Workload, contradictions

MOST_BYTES = 16 * 1024 * 1024
"""64 machine types of 64 x 64 buckets have about 5 MiB."""
_EXPLAINED = "docs/examples/workload.json is such a file"


def read_workload(path: FilePath) -> Workload:
    """The problem in a file.

    Raises:
        UserError: the file cannot be read, is malformed, or states a problem without an answer.
    """
    name = shown(path)
    document = read_json(path, _EXPLAINED)
    try:
        # Through text, since only in JSON does the strict validator take a list for a tuple.
        workload = Workload.model_validate_json(json.dumps(document))
    except ValidationError as error:
        problems = [_problem(one) for one in error.errors(include_url=False)]
        raise UserError(one.fault(f"{name}: ", root="") for one in problems) from error
    if problems := list(contradictions(workload)):
        raise UserError(one.fault(f"{name}: ", root="") for one in problems)
    return workload


def read_json(path: FilePath, explained: str) -> Any:
    """The document in a file; `explained` says what such a file is.

    Raises:
        UserError: it cannot be read, is no JSON, or has a key twice.
    """
    name = shown(path)
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            raise fail(name, f"has {len(raw)} bytes, more than {MOST_BYTES}", "is it the right file?")
        return json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_each_key_once)
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}:{error.colno}"
        raise fail(place, f"is not JSON: {error.msg}", "mend the text at this place") from error
    except OSError as error:
        raise fail(name, f"cannot be read: {error.strerror}", "name a file that is there") from error
    except (ValueError, RecursionError) as error:  # no UTF-8, a NUL in the path, a number of 5000 digits, 1000 brackets
        raise fail(name, f"is not JSON that can be read: {printable(error)}", explained) from error


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {printable(key)} is there twice")
        found[key] = value
    return found


def _problem(error: ErrorDetails) -> Problem:
    path: Path = error["loc"]
    model = MachineType if path[:1] == ("gpu_info",) and len(path) > 2 else Workload
    if error["type"] == "extra_forbidden":
        return Problem(path, "there is no such key", did_you_mean(str(path[-1]), model.model_fields, "keys here"))
    if error["type"] == "missing":
        return Problem(path, "is missing", f"add it. {_meaning(path, model)}")
    wanted = error["msg"].removeprefix("Input should be ")
    if isinstance(error["input"], dict | list):
        return Problem(path, f"is not as it must be: {error['msg']}", _meaning(path, model))
    return Problem(path, f"is {printable(json.dumps(error['input']))}", f"it must be {wanted}. {_meaning(path, model)}")


def _meaning(path: Path, model: type[MachineType | Workload]) -> str:
    """What a key says, by the innermost name in the path."""
    names = [part for part in path if isinstance(part, str)]
    field = model.model_fields.get(names[-1]) if names else None
    return " ".join((field.description or "").split()) if field else _EXPLAINED
