"""Turns what pydantic says about `aigc:stack` into path, reason and way out, and saves what is sound of it.

Values go through JSON before they are validated: Pulumi hands configuration over as JSON, so a stack file and
a running program meet the very same strict validator.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from aigc.catalog.kinds import Cloud
from aigc.catalog.managed import elsewhere
from aigc.config.problems import Path, Problem, did_you_mean, one_of, printable
from aigc.config.spec import StackSpec

SCHEMA_COMMAND = "python -m scripts schema"


@dataclass(frozen=True)
class Judged:
    """The spec (possibly without its faulty parts) and everything that is wrong with it."""

    spec: StackSpec | None
    problems: tuple[Problem, ...]
    """Empty when `spec` is all that was asked for."""


def judge(data: object) -> Judged:
    """Validate the object and find every fault at once.

    Faulty leaves that have a default are taken out and the rest is validated again, so that the checks across
    fields can still run over what is sound; anything worse leaves no spec.
    """
    spec, errors = _validate(data)
    if spec is not None or not isinstance(data, dict):
        return Judged(spec, tuple(_problem(error) for error in errors))
    problems = {problem.path: problem for problem in map(_problem, errors)}
    salvaged = _without(data, [problem.path for problem in problems.values()])
    spec = _validate(salvaged)[0] if salvaged is not None else None
    return Judged(spec, tuple(problems.values()))


def _validate(data: object) -> tuple[StackSpec | None, list[ErrorDetails]]:
    try:
        return StackSpec.model_validate_json(json.dumps(data)), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _without(data: dict[str, Any], paths: list[Path]) -> dict[str, Any] | None:
    """A copy without the values at `paths`; None when one of them is not a leaf that can be missed."""
    pruned = copy.deepcopy(data)
    for path in paths:
        if not path or path == ("cloud",) or path[0] == "pools":
            return None
        parent: Any = pruned
        for part in path[:-1]:
            try:
                parent = parent[part]
            except (KeyError, IndexError, TypeError):
                parent = None
                break
        if isinstance(parent, dict):
            parent.pop(path[-1], None)
        elif isinstance(parent, list):
            parent.clear()
    return pruned


def type_at(path: Path, root: type[BaseModel] = StackSpec) -> Any:
    """The annotation of the spec, or of another root, at a path; None where there is none."""
    current: Any = root
    for part in path:
        current = _inner(current)
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(part))
            current = field.annotation if field else None
        elif get_origin(current) is dict:
            current = get_args(current)[1]
        elif get_origin(current) is tuple:
            current = get_args(current)[0]
        else:
            return None
    return _inner(current)


def _inner(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        return next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation


def _meaning(path: Path) -> str:
    """What the schema says about a key, for the way out."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    parent = type_at(path[:-1]) if path else None
    if isinstance(parent, type) and issubclass(parent, BaseModel) and (field := parent.model_fields.get(str(path[-1]))):
        return " ".join((field.description or "").split())
    return f"`{SCHEMA_COMMAND}` prints every key with its meaning"


def _problem(error: ErrorDetails) -> Problem:
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    translate = _TRANSLATIONS.get(error["type"], _by_message)
    problem, way_out = translate(path, error)
    return Problem(path, problem, way_out)


def _extra(path: Path, error: ErrorDetails) -> tuple[str, str]:
    parent = type_at(path[:-1])
    known = parent.model_fields if isinstance(parent, type) and issubclass(parent, BaseModel) else {}
    return "there is no such key", did_you_mean(str(path[-1]), known, "keys here")


def _missing(path: Path, error: ErrorDetails) -> tuple[str, str]:
    return "is missing", f"add it. {_meaning(path)}"


def _enum(path: Path, error: ErrorDetails) -> tuple[str, str]:
    kind = type_at(path)
    if kind is Cloud and (place := elsewhere(str(error["input"]))):
        return f"{place.name} {place.no_cloud}", place.instead
    words = [str(member.value) for member in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []
    return f"{_shown(error['input'])} is none of the known words", did_you_mean(str(error["input"]), words)


def _wrong_type(wanted: str) -> Callable[[Path, ErrorDetails], tuple[str, str]]:
    def translate(path: Path, error: ErrorDetails) -> tuple[str, str]:
        given = error["input"]
        quote = ""
        if wanted == "text" and isinstance(given, int | float | bool):
            quote = ' Put it in quotes: YAML reads it as a number or a truth value, and "1.30" unquoted becomes 1.3.'
        if wanted != "text" and isinstance(given, str):
            quote = " Without quotes." if _is_number(given) or given in ("true", "false") else ""
        return f"{_shown(given)} is not {wanted}", f"write {wanted}.{quote} {_meaning(path)}"

    return translate


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bound(path: Path, error: ErrorDetails) -> tuple[str, str]:
    message = error["msg"].removeprefix("Input should be ")
    return f"{_shown(error['input'])} is out of range", f"it must be {message}. {_meaning(path)}"


def _length(path: Path, error: ErrorDetails) -> tuple[str, str]:
    return f"has the wrong length: {error['msg']}", _meaning(path)


def _by_message(path: Path, error: ErrorDetails) -> tuple[str, str]:
    return f"{_shown(error['input'])}: {error['msg']}", _meaning(path)


def _shown(value: object) -> str:
    if value is None:
        return "nothing (null)"
    if isinstance(value, dict):
        return f"a mapping ({one_of(printable(key) for key in list(value)[:3])} ...)" if value else "an empty mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return printable(json.dumps(value))


_WHOLE = _wrong_type("a whole number")
_NUMBER = _wrong_type("a number")
_MAPPING = _wrong_type("a mapping of keys to values")
_TRANSLATIONS: dict[str, Callable[[Path, ErrorDetails], tuple[str, str]]] = {
    "extra_forbidden": _extra,
    "missing": _missing,
    "enum": _enum,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "float_type": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _wrong_type("true or false"),
    "string_type": _wrong_type("text"),
    "tuple_type": _wrong_type("a list"),
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "greater_than": _bound,
    "greater_than_equal": _bound,
    "less_than": _bound,
    "less_than_equal": _bound,
    "too_short": _length,
    "too_long": _length,
    "string_too_short": _length,
    "string_too_long": _length,
}
