"""Azure's API models as the packages azure-mgmt-* ship them: classes of Python, whose source is read and never run.

Each API has versions, and the provider asks for an older one (azure-native 3.29: 2025-09-01 of AKS) than the packages
are of (2026-08-01). A later stable version takes what an earlier one took, so what is no argument here is none there;
what only the later one takes is no argument of the provider's typed classes, and the program ends with a TypeError.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from tests.contracts import azure_source
from tests.contracts.schema import Field, Kind, Schema

PREFIX = "azure-"
PLACES = {
    "azure-authorization": ("azure-mgmt-authorization", "azure/mgmt/authorization/v2022_04_01"),
    "azure-containerregistry": ("azure-mgmt-containerregistry", "azure/mgmt/containerregistry"),
    "azure-containerservice": ("azure-mgmt-containerservice", "azure/mgmt/containerservice"),
    "azure-locks": ("azure-mgmt-resource-locks", "azure/mgmt/resource/locks"),
    "azure-msi": ("azure-mgmt-msi", "azure/mgmt/msi/v2024_11_30"),
    "azure-network": ("azure-mgmt-network", "azure/mgmt/network"),
    "azure-resources": ("azure-mgmt-resource", "azure/mgmt/resource/resources"),
    "azure-storage": ("azure-mgmt-storage", "azure/mgmt/storage"),
}
"""Model -> package and folder."""
_SCALARS = {"str": Kind.STRING, "int": Kind.INTEGER, "float": Kind.NUMBER, "bool": Kind.BOOLEAN}
_INTEGER = (-(2**63), 2**63 - 1)
FLATTENED = "properties"
"""Azure keeps what a resource is in an object of this name; the provider lifts it out, and so do the packages."""


@dataclass(frozen=True)
class Member:
    """One field of a class, not yet looked into."""

    name: str
    """As JSON has it."""
    type: ast.expr
    required: bool = False
    read_only: bool = False
    limits: tuple[tuple[str, Any], ...] = ()


class AzureModel:
    """One package; its roots are classes (`AgentPool`) and operations (`agent_pools.create_or_update`: the URL)."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._classes = azure_source.blocks([*folder.glob("models/_models*.py")])
        self._enums = azure_source.blocks([*folder.glob("models/*enums.py")])
        self._folder = folder
        self._built: dict[str, Schema] = {}

    def root(self, name: str) -> Schema:
        """A class, or the parameters in the URL of an operation."""
        group, _, operation = name.partition(".")
        return self._url(group, operation) if operation else self._class(name)

    def _url(self, group: str, operation: str) -> Schema:
        fields = {
            key: Field(_limited(Schema(Kind.STRING, f"{group}.{operation}.{key}"), limits))
            for key, limits in azure_source.url_parameters(self._folder, group, operation).items()
        }
        return Schema(Kind.OBJECT, f"{group}.{operation}", fields)

    def _class(self, name: str) -> Schema:
        if name in self._built:
            return self._built[name]
        self._built[name] = schema = Schema(Kind.OBJECT, name)
        members = {member.name: member for member in self._members(name)}
        lifted = members.pop(FLATTENED, None) if azure_source.is_flattened(self._classes[name]) else None
        schema.fields |= {key: self._field(name, member) for key, member in members.items()}
        schema.required = frozenset(key for key, member in members.items() if member.required)
        if lifted is not None:
            inner = self._schema(lifted.type, name)
            schema.fields |= inner.fields
            schema.required = (schema.required - inner.fields.keys()) | inner.required
        return schema

    def _members(self, name: str) -> Iterator[Member]:
        """Those of its bases first, as Python finds them."""
        for base in azure_source.bases(self._classes[name]):
            if base in self._classes:
                yield from self._members(base)
        yield from members_of(self._classes[name])

    def _field(self, holder: str, member: Member) -> Field:
        schema = _limited(self._schema(member.type, f"{holder}.{member.name}"), dict(member.limits))
        return Field(schema, output_only=member.read_only)

    def _schema(self, kind: ast.expr, name: str) -> Schema:
        """The schema of a type as Python annotates it."""
        if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
            return self._schema(ast.parse(kind.value, mode="eval").body, name)
        if isinstance(kind, ast.Subscript):
            return self._generic(ast.unparse(kind.value).rpartition(".")[2], kind.slice, name)
        known = ast.unparse(kind).rpartition(".")[2]
        if known in _SCALARS:
            low, high = _INTEGER if known == "int" else (None, None)
            return Schema(_SCALARS[known], name, minimum=low, maximum=high)
        if known in self._enums:
            return Schema(Kind.STRING, name, enum=azure_source.values_of(self._enums[known]))
        if known in self._classes:
            return self._class(known)
        return Schema(Kind.ANY, name)

    def _generic(self, outer: str, inner: ast.expr, name: str) -> Schema:
        each = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if outer in ("list", "List"):
            return Schema(Kind.ARRAY, name, items=self._schema(inner, name))
        if outer in ("dict", "Dict"):
            return Schema(Kind.MAP, name, keys=Schema(Kind.STRING, name), items=self._schema(each[1], name))
        if outer == "Literal":
            return Schema(Kind.STRING, name, enum=tuple(ast.literal_eval(one) for one in each))
        # Optional[X] and Union[str, "_models.Enum"]: the enumeration says most.
        return self._schema(each[-1], name)


def members_of(block: ast.ClassDef) -> Iterator[Member]:
    """The fields of one class: annotated in newer packages, in a map beside its rules in older ones."""
    yield from (
        Member(
            name=azure_source.keyword(call, "name") or target,
            type=annotation,
            required=not ast.unparse(annotation).startswith("Optional["),
            read_only=azure_source.keyword(call, "visibility") == ["read"],
        )
        for target, annotation, call in azure_source.rest_fields(block)
    )
    rules: dict[str, dict[str, Any]] = azure_source.constant(block, "_validation") or {}
    annotations = azure_source.arguments(block)
    for python_name, place in (azure_source.constant(block, "_attribute_map") or {}).items():
        rule = rules.get(python_name, {})
        yield Member(
            name=place["key"].rpartition(".")[2],
            type=annotations.get(python_name) or _written(place["type"]),
            required=bool(rule.get("required")),
            read_only=bool(rule.get("readonly")),
            limits=tuple(rule.items()),
        )


def _written(kind: str) -> ast.expr:
    """A type as older packages write it: `[str]`, `{str}`, `iso-8601`, the name of a class."""
    if match := re.fullmatch(r"\[(.+)\]|\{(.+)\}", kind):
        inner = ast.unparse(_written(match[1] or match[2]))
        return ast.parse(f"list[{inner}]" if match[1] else f"dict[str, {inner}]", mode="eval").body
    return ast.Name(kind if kind.isidentifier() else "object")


def _limited(schema: Schema, limits: dict[str, Any]) -> Schema:
    """The same with what older packages and URLs say of lengths and forms."""
    low = limits.get("min_length", limits.get("minimum"))
    high = limits.get("max_length", limits.get("maximum"))
    if low is None and high is None and "pattern" not in limits:
        return schema
    return replace(
        schema,
        minimum=schema.minimum if low is None else low,
        maximum=schema.maximum if high is None else high,
        pattern=limits.get("pattern", schema.pattern),
    )


@cache
def azure_model(name: str) -> AzureModel:
    """The model of one of Azure's APIs, for example `azure-containerservice`."""
    package, folder = PLACES[name]
    return AzureModel(name, Path(str(distribution(package).locate_file(folder))))
