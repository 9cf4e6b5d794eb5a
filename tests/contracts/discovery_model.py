"""Google's discovery documents as `google-api-python-client` ships them."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from tests.contracts.schema import Field, Kind, Schema

FOLDER = "googleapiclient/discovery_cache/documents"
INTEGERS = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1), "int64": (-(2**63), 2**63 - 1),
            "uint64": (0, 2**64 - 1)}  # fmt: skip
DURATION = r"-?\d+(\.\d{1,9})?s"
_KINDS = {"string": Kind.STRING, "integer": Kind.INTEGER, "number": Kind.NUMBER, "boolean": Kind.BOOLEAN}


class DiscoveryModel:
    """One document; its roots are schemas (`NodePool`) and methods (`compute.routers.insert`: parameters and body)."""

    def __init__(self, name: str, document: dict[str, Any]) -> None:
        self.name = name
        self._schemas: dict[str, Any] = document["schemas"]
        self._methods = methods_of(document)
        self._built: dict[str, Schema] = {}

    def root(self, name: str) -> Schema:
        """A schema, or a method's parameters as the fields of one object."""
        if name in self._schemas:
            return self._named(name)
        method = self._methods[name]
        fields = {key: self._field(raw, f"{name}.{key}") for key, raw in method.get("parameters", {}).items()}
        if "request" in method:
            fields["body"] = Field(self._named(method["request"]["$ref"]))
        return Schema(Kind.OBJECT, name, fields)

    def _named(self, name: str) -> Schema:
        if name not in self._built:
            raw = self._schemas[name]
            self._built[name] = schema = self._schema(raw, name)
            for key, below in raw.get("properties", {}).items():
                schema.fields[key] = self._field(below, f"{name}.{key}")
        return self._built[name]

    def _field(self, raw: dict[str, Any], name: str) -> Field:
        says = raw.get("description", "").lower().lstrip("[ ")
        return Field(
            schema=self._repeated(raw, name) if raw.get("repeated") else self._schema(raw, name),
            output_only=bool(raw.get("readOnly")) or says.startswith("output only"),
            deprecated=bool(raw.get("deprecated")),
        )

    def _repeated(self, raw: dict[str, Any], name: str) -> Schema:
        return Schema(Kind.ARRAY, name, items=self._schema(raw, name))

    def _schema(self, raw: dict[str, Any], name: str) -> Schema:
        if "$ref" in raw:
            return self._named(raw["$ref"])
        kind = raw.get("type", "any")
        if kind == "array":
            return Schema(Kind.ARRAY, name, items=self._schema(raw["items"], name))
        if "additionalProperties" in raw:
            return Schema(Kind.MAP, name, items=self._schema(raw["additionalProperties"], name))
        if kind == "object":
            schema = Schema(Kind.OBJECT, name)
            if name not in self._schemas:  # one without a name of its own; named ones are filled once they are known
                schema.fields |= {k: self._field(v, f"{name}.{k}") for k, v in raw.get("properties", {}).items()}
            return schema
        return _scalar(raw, name) if kind in _KINDS else Schema(Kind.ANY, name)


def _scalar(raw: dict[str, Any], name: str) -> Schema:
    kind, form = _KINDS[raw["type"]], raw.get("format", "")
    if form in INTEGERS:
        low, high = INTEGERS[form]
        low, high = max(low, int(raw.get("minimum", low))), min(high, int(raw.get("maximum", high)))
        return Schema(Kind.INTEGER, name, minimum=low, maximum=high, as_text=kind is Kind.STRING)
    pattern = DURATION if form == "google-duration" else raw.get("pattern", "")
    return Schema(kind, name, enum=tuple(raw.get("enum", ())), pattern=pattern)


def methods_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every method by its id, however deep its resource lies."""
    found = {method["id"]: method for method in document.get("methods", {}).values()}
    for resource in document.get("resources", {}).values():
        found |= methods_of(resource)
    return found


@cache
def discovery_model(name: str) -> DiscoveryModel:
    """The document `NAME.VERSION`, for example `container.v1`."""
    path = Path(str(distribution("google-api-python-client").locate_file(f"{FOLDER}/{name}.json")))
    return DiscoveryModel(name, json.loads(path.read_bytes()))
