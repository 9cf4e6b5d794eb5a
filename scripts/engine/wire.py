"""Property values as Pulumi's runtime sends them: secrets are marked, unknown values are one fixed text.

Everything else in the engine works on plain Python values in this shape, so that a graph can be written as JSON and
compared with what the real engine prints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf import struct_pb2

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key that marks an object on the wire as something special."""
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - Pulumi's public marker, no secret
ASSET_SIGNATURE = "c44067f5952c0a294b673a41bacd8c17"
"""A file's content: on the wire its path, from the program's folder."""
RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Text that stands for a value that is known only after the resource exists."""
MASK = "[secret]"
"""How `pulumi preview --json` prints a secret."""
EXACT_INTEGERS = 2**53
"""Numbers travel as doubles; integral ones up to here are printed as integers."""


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A protobuf Struct as a plain dictionary with sorted keys."""
    return {key: _from_value(struct.fields[key]) for key in sorted(struct.fields)}


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return plain_number(value.number_value)
    if kind is None or kind == "null_value":
        return None
    return value.string_value if kind == "string_value" else value.bool_value


def plain_number(number: float) -> int | float:
    """2.0 is printed as 2, as Pulumi does."""
    return int(number) if number.is_integer() and abs(number) <= EXACT_INTEGERS else number


def to_struct(values: dict[str, Any]) -> struct_pb2.Struct:
    """A plain dictionary as a protobuf Struct."""
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def secret(value: Any) -> dict[str, Any]:
    """Wrap a value as a secret, once."""
    if is_secret(value):
        wrapped: dict[str, Any] = value
        return wrapped
    return {SIGNATURE: SECRET_SIGNATURE, "value": value}


def is_secret(value: Any) -> bool:
    """Whether this very value is marked secret."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET_SIGNATURE


def is_asset(value: Any) -> bool:
    """Whether this very value stands for a file's content."""
    return isinstance(value, dict) and value.get(SIGNATURE) == ASSET_SIGNATURE


def holds_secret(value: Any) -> bool:
    """Whether the value or anything inside it is secret."""
    return any(is_secret(item) for item in _walk(value))


def holds_unknown(value: Any) -> bool:
    """Whether the value or anything inside it is unknown."""
    return any(item == UNKNOWN for item in _walk(value))


def _walk(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        for item in value.values():
            yield from _walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item)


def revealed(value: Any) -> Any:
    """The value with every secret mark taken off: only for what is sent to a cluster."""
    if is_secret(value):
        return revealed(value["value"])
    if isinstance(value, dict):
        return {key: revealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [revealed(item) for item in value]
    return value


def masked(value: Any, mask: str = MASK, unknown: str = UNKNOWN) -> Any:
    """The value as a person may see it: secrets hidden, unknown values replaced by `unknown`."""
    if is_secret(value):
        return mask
    if value == UNKNOWN:
        return unknown
    if isinstance(value, dict):
        return {key: masked(item, mask, unknown) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, mask, unknown) for item in value]
    return value
