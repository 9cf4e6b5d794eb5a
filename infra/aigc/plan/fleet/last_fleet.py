"""Reads the machines of the last fleet from what `plan --workload FILE --format json` printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from aigc.catalog.faults import UserError, fail
from aigc.catalog.kinds import CapacityType
from aigc.config.json_file import json_document
from aigc.config.problems import Problem, printable
from aigc.config.spec_model import Text
from aigc.config.stacks import shown
from aigc.plan.fleet.answer import RentedMachines

MACHINES = "machines"
_EXPLAINED = "`python -m scripts plan --workload FILE --format json` prints such a file"


class _Machines(BaseModel):
    """The keys of `RentedMachines`; what else a fleet states is not read."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)

    cloud: Text
    machine_type: Text
    region: Text | None
    capacity: CapacityType
    accelerator_id: Text
    share: Text
    count: Annotated[int, Field(ge=1, le=1_000_000)]
    zones: Annotated[int, Field(ge=1, le=6)]
    usd_per_hour: Annotated[float, Field(ge=0)]
    watts: Annotated[float, Field(ge=0)] | None


_LISTED = TypeAdapter(tuple[_Machines, ...])


def read_last_fleet(path: FilePath) -> tuple[RentedMachines, ...]:
    """The machines of a fleet, pool by pool.

    Raises:
        UserError: the file cannot be read, is malformed, or states no fleet.
    """
    name = shown(path)
    document: Any = json_document(path, _EXPLAINED)
    if not isinstance(document, dict) or MACHINES not in document:
        said = "says that no fleet serves" if isinstance(document, dict) and "feasible" in document else "is no fleet"
        raise fail(name, f"{said}: it has no key {MACHINES}", _EXPLAINED)
    try:
        # Through text, since only in JSON does the strict validator take a list for a tuple.
        found = _LISTED.validate_json(json.dumps(document[MACHINES]))
    except ValidationError as error:
        problems = [_problem(one) for one in error.errors(include_url=False)]
        raise UserError(one.fault(f"{name}: ", root="") for one in problems) from error
    if problems := list(_uneven(found)):
        raise UserError(one.fault(f"{name}: ", root="") for one in problems)
    return tuple(RentedMachines(**one.model_dump()) for one in found)


def _problem(error: ErrorDetails) -> Problem:
    given = f"is {printable(json.dumps(error['input']))}: {error['msg']}"
    return Problem((MACHINES, *error["loc"]), "is missing" if error["type"] == "missing" else given, _EXPLAINED)


def _uneven(machines: tuple[_Machines, ...]) -> Iterator[Problem]:
    for at, one in enumerate(machines):
        if one.count % one.zones:
            problem = f"is {one.count}, which {one.zones} zones cannot have in equal parts"
            yield Problem((MACHINES, at, "count"), problem, _EXPLAINED)
