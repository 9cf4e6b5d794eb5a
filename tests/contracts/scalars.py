"""Whether one scalar is what a model allows at its place."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.contracts.schema import Kind, Schema

Problem = tuple[str, str]
"""What is wrong, and what the model allows."""


def scalar_problem(value: Any, schema: Schema) -> Problem | None:
    """None when the model allows the value."""
    if schema.kind is Kind.ANY:
        return None
    if schema.kind is Kind.INTEGER and schema.as_text and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        value = int(value)
    if not _is(value, schema.kind):
        return f"{json_type(value)} where {schema.kind} is wanted", _allowed(schema)
    if schema.enum and value not in schema.enum:
        return "not one of the values that are allowed", _allowed(schema)
    if isinstance(value, str):
        if schema.pattern and not re.fullmatch(schema.pattern, value):
            return "not of the form that is allowed", _allowed(schema)
        return size_problem(len(value), schema, "characters")
    return None if isinstance(value, bool) else size_problem(value, schema, "")


def size_problem(size: float, schema: Schema, unit: str) -> Problem | None:
    """A number, or a length in `unit`, against the model's bounds."""
    if schema.minimum is not None and size < schema.minimum:
        return f"{size} {unit}".rstrip() + f" is less than {schema.minimum}", _allowed(schema)
    if schema.maximum is not None and size > schema.maximum:
        return f"{size} {unit}".rstrip() + f" is more than {schema.maximum}", _allowed(schema)
    return None


def converted(value: Any, kind: Kind) -> Any:
    """What a provider sends for a value that it takes in another type; a value that it cannot read stays as it is."""
    if isinstance(value, str):
        if kind is Kind.BOOLEAN:
            return {"true": True, "false": False}.get(value, value)
        return int(value) if kind is Kind.INTEGER and re.fullmatch(r"-?\d+", value) else value
    if kind is Kind.STRING and isinstance(value, dict):
        return json.dumps(value)
    return str(value) if kind is Kind.STRING and json_type(value) == "integer" else value


def json_type(value: Any) -> str:
    """What JSON calls a value's type."""
    if value is None:
        return "null"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _is(value: Any, kind: Kind) -> bool:
    if kind is Kind.BOOLEAN:
        return isinstance(value, bool)
    if kind is Kind.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is Kind.NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return kind is Kind.STRING and isinstance(value, str)


def _allowed(schema: Schema) -> str:
    words = f"{schema.name}: {schema.kind}"
    if schema.enum:
        words += f", one of {', '.join(schema.enum)}"
    if schema.pattern:
        words += f", as {schema.pattern}"
    if schema.minimum is not None or schema.maximum is not None:
        words += f", from {schema.minimum} to {schema.maximum}"
    return words
