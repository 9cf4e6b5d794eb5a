"""Reads the plain problem from a JSON file: every fault at once, each with its path in the file."""

from __future__ import annotations

import json
from pathlib import Path as FilePath

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from aigc.catalog.faults import UserError
from aigc.config.json_file import json_document
from aigc.config.problems import Path, Problem, did_you_mean, printable
from aigc.config.stacks import shown
from aigc.plan.mix.workload import MachineType, Workload, contradictions

_EXPLAINED = "docs/examples/workload.json is such a file"


def read_workload(path: FilePath) -> Workload:
    """The problem in a file.

    Raises:
        UserError: the file cannot be read, is malformed, or states a problem without an answer.
    """
    name = shown(path)
    document = json_document(path, _EXPLAINED)
    try:
        # Through text, since only in JSON does the strict validator take a list for a tuple.
        workload = Workload.model_validate_json(json.dumps(document))
    except ValidationError as error:
        problems = [_problem(one) for one in error.errors(include_url=False)]
        raise UserError(one.fault(f"{name}: ", root="") for one in problems) from error
    if problems := list(contradictions(workload)):
        raise UserError(one.fault(f"{name}: ", root="") for one in problems)
    return workload


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
