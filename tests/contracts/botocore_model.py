"""AWS's service models as botocore ships them."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from tests.contracts.schema import Field, Kind, Schema

_KINDS = {"structure": Kind.OBJECT, "list": Kind.ARRAY, "map": Kind.MAP, "string": Kind.STRING, "blob": Kind.STRING,
          "integer": Kind.INTEGER, "long": Kind.INTEGER, "float": Kind.NUMBER, "double": Kind.NUMBER,
          "boolean": Kind.BOOLEAN, "timestamp": Kind.ANY}  # fmt: skip
INTEGERS = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
UNICODE_CLASSES = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s", r"\p{Print}": "[ -~]"}
"""Python has no classes of Unicode; where the models name letters they name digits and `_` too, which is `\\w`. What
can be printed is ASCII to Java, and stands in no other class in these models."""
SURROGATES = re.compile(r"\\u(D[89AB][0-9A-F]{2})\\u(D[C-F][0-9A-F]{2})", re.IGNORECASE)


class BotocoreModel:
    """One service; its roots are operations (the input of `CreateNodegroup`) and shapes (`InstanceType`)."""

    def __init__(self, name: str, service: dict[str, Any]) -> None:
        self.name = name
        self._operations: dict[str, Any] = service["operations"]
        self._shapes: dict[str, Any] = service["shapes"]
        self._built: dict[str, Schema] = {}

    def root(self, name: str) -> Schema:
        """An operation's input, or a shape."""
        if name in self._operations:
            return self._shape(self._operations[name]["input"]["shape"])
        return self._shape(name)

    def _shape(self, name: str) -> Schema:
        if name not in self._built:
            raw = self._shapes[name]
            self._built[name] = schema = _bare(raw, name)
            for key, member in raw.get("members", {}).items():
                schema.fields[key] = Field(self._shape(member["shape"]), deprecated=bool(member.get("deprecated")))
            if schema.kind is Kind.ARRAY:
                schema.items = self._shape(raw["member"]["shape"])
            elif schema.kind is Kind.MAP:
                schema.keys, schema.items = self._shape(raw["key"]["shape"]), self._shape(raw["value"]["shape"])
        return self._built[name]


def _bare(raw: dict[str, Any], name: str) -> Schema:
    """A shape without the shapes it refers to."""
    low, high = INTEGERS.get(raw["type"], (None, None))
    return Schema(
        Kind.ANY if raw.get("document") else _KINDS[raw["type"]],
        name,
        required=frozenset(raw.get("required", ())),
        enum=tuple(raw.get("enum", ())),
        minimum=raw.get("min", low),
        maximum=raw.get("max", high),
        pattern=python_pattern(raw.get("pattern", "")),
    )


def python_pattern(pattern: str) -> str:
    r"""The models' regular expressions are Java's, where two surrogates are one character and `\p{..}` a class."""

    def one(match: re.Match[str]) -> str:
        high, low = (int(text, 16) for text in match.groups())
        return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"

    for theirs, ours in UNICODE_CLASSES.items():
        pattern = pattern.replace(theirs, ours)
    return SURROGATES.sub(one, pattern)


@cache
def botocore_model(name: str) -> BotocoreModel:
    """The newest model of a service, for example `eks`."""
    folder = Path(str(distribution("botocore").locate_file(f"botocore/data/{name}")))
    newest = max(folder.glob("*/service-2.json.gz"))
    return BotocoreModel(name, json.loads(gzip.decompress(newest.read_bytes())))
