"""Reads a JSON file that a person names: what keeps it from being read is a fault with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from aigc.catalog.faults import UserError, fail
from aigc.config.problems import Problem, printable
from aigc.config.stacks import shown

Model = TypeVar("Model", bound=BaseModel)
MOST_BYTES = 16 * 1024 * 1024
"""64 machine types of 64 x 64 buckets, the largest of our files, have about 5 MiB."""


def json_document(path: Path, explained: str) -> Any:
    """What a file says, each key once.

    Args:
        path: The file.
        explained: Where such a file is explained, for whoever gave another one.

    Raises:
        UserError: it cannot be read, or is not JSON.
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


def json_model(path: Path, model: type[Model], explained: str) -> Model:
    """The same as a model of pydantic.

    Raises:
        UserError: also where it is of another form, with every place.
    """
    document = json_document(path, explained)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problems = [Problem(one["loc"], f"is not as it must be: {one['msg']}", explained) for one in error.errors()]
        raise UserError(one.fault(f"{shown(path)}: ", root="") for one in problems) from error


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {printable(key)} is there twice")
        found[key] = value
    return found
