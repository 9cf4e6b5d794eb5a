"""What an API allows at one place, in one shape for every cloud: objects, arrays, maps, scalars and their limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """What a JSON value is."""

    OBJECT = "object"
    ARRAY = "array"
    MAP = "map"
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ANY = "anything"


@dataclass(eq=False)
class Schema:
    """One type of an API. Mutable while a model is read, for types refer to each other in circles."""

    kind: Kind
    name: str
    """As the model calls it."""
    fields: dict[str, Field] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: Schema | None = None
    """Elements of an array, values of a map."""
    keys: Schema | None = None
    """Keys of a map, where the model restricts them."""
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    """Of a number; the shortest length of a string, in characters; the fewest elements of an array or a map."""
    maximum: float | None = None
    pattern: str = ""
    """A regular expression of the whole text."""
    as_text: bool = False
    """An integer of 64 bits, which JSON carries as a string; providers write it as a number."""


@dataclass(frozen=True)
class Field:
    """A named place of an object."""

    schema: Schema
    output_only: bool = False
    """Only the cloud sets it."""
    deprecated: bool = False


class Model(Protocol):
    """The published model of one API."""

    name: str

    def root(self, name: str) -> Schema:
        """A request or a type by its name; KeyError without it."""


def spelled(api_name: str) -> str:
    """How the providers begin the name of an API's field: EC2's `VpcId` is `vpcId` to them."""
    return api_name[:1].lower() + api_name[1:]


def field_of(schema: Schema, property_name: str) -> tuple[str, Field] | None:
    """The API's name and field of what the provider calls `property_name`, where only the first letter may differ."""
    if property_name[:1].isupper():
        return None
    for name in (property_name, property_name[:1].upper() + property_name[1:]):
        if name in schema.fields:
            return name, schema.fields[name]
    return None


def inside(schema: Schema) -> Schema:
    """What an array holds, at whatever depth; anything else is itself."""
    while schema.kind is Kind.ARRAY and schema.items is not None:
        schema = schema.items
    return schema


def step(schema: Schema, name: str) -> Schema:
    """The place one step below: `field`, or `field[]` for the elements of an array. KeyError when there is none."""
    bare = name.removesuffix("[]")
    if bare not in schema.fields:
        raise KeyError(f"{schema.name} has no field {bare}")
    below = schema.fields[bare].schema
    if bare == name:
        return below
    if below.kind is not Kind.ARRAY or below.items is None:
        raise KeyError(f"{schema.name}.{bare} is {below.kind}, not an array")
    return below.items
