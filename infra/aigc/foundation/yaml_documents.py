"""Reads objects out of a manifest the way the Kubernetes API does.

PyYAML follows YAML 1.1: `yes` would be true, `1:30` ninety, a date an object. Kubernetes' own reader knows none of
these. A cached manifest holds each object as one line of JSON (which is YAML), so that megabytes of CRDs cost
milliseconds; files that people write are read by a loader with YAML 1.2's core schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

_DOCUMENT_START = re.compile(r"^---[^\n]*\n", re.MULTILINE)


class _CoreSchemaLoader(yaml.SafeLoader):
    """YAML 1.2's core schema, as far as manifests use it."""


_CoreSchemaLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
):
    _CoreSchemaLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(node.value)


def _floating(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    return float(node.value)


# PyYAML's own constructors would read `010` as eight and `1_000` as a thousand.
_CoreSchemaLoader.add_constructor("tag:yaml.org,2002:int", _decimal)
_CoreSchemaLoader.add_constructor("tag:yaml.org,2002:float", _floating)


def documents(text: str, wanted: Callable[[str, str], bool]) -> Iterator[dict[str, Any]]:
    """The objects of a manifest for which `wanted(kind, name)` holds, in the file's order."""
    for part in _DOCUMENT_START.split(text):
        body = _parse(part)
        if body is not None and wanted(body["kind"], body["metadata"]["name"]):
            yield body


def _parse(part: str) -> dict[str, Any] | None:
    stripped = part.lstrip()
    parsed = json.loads(stripped) if stripped.startswith("{") else yaml.load(part, Loader=_CoreSchemaLoader)  # noqa: S506
    return parsed if isinstance(parsed, dict) else None
