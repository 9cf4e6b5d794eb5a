"""What is known of a resource right after it was registered: its inputs, or its live object, never an invention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.engine.graph import Resource
from scripts.engine.rules import package_of
from scripts.engine.wire import UNKNOWN, secret

NAMING = frozenset({"apiVersion", "kind", "metadata", "type"})
"""Inputs that the cluster does not change."""
RESHAPED = frozenset({"azure-native"})
"""Providers whose outputs have other types than inputs of the same name: a list of identities comes back as a map."""


def of_resource(resource: Resource, live: Mapping[str, dict[str, Any]] | None) -> tuple[str, dict[str, Any], bool]:
    """The id, the known outputs, and whether that is all of them (if not, the rest is unknown).

    In a preview (`live` is None) every id is unknown, as it is under Pulumi before a resource exists. When applying,
    an object that is already in the cluster answers with all its fields.
    """
    known = _with_secret_outputs(resource, dict(resource.inputs))
    if live is None:
        return "", {} if package_of(resource.type) in RESHAPED else known, False
    found = live.get(resource.urn)
    if found is not None:
        return object_id(found), _with_secret_outputs(resource, {**known, **_marked(resource, found)}), True
    # Not made yet: the cluster will add fields to every part, so only what names the object is known. Keys must be
    # there, because the SDK fills missing ones from the inputs.
    return "", {key: value if key in NAMING else UNKNOWN for key, value in known.items()}, False


def object_id(manifest: Mapping[str, Any]) -> str:
    """`namespace/name`, or `name` of what has no namespace: the Kubernetes provider's ids."""
    metadata = manifest.get("metadata") or {}
    namespace = metadata.get("namespace")
    name = str(metadata.get("name", UNKNOWN))
    return f"{namespace}/{name}" if namespace else name


def _marked(resource: Resource, found: dict[str, Any]) -> dict[str, Any]:
    """A Secret's data stays secret when it comes back from the cluster."""
    if resource.inputs.get("kind") != "Secret":
        return found
    return {key: secret(value) if key in ("data", "stringData") else value for key, value in found.items()}


def _with_secret_outputs(resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
    for name in resource.additional_secret_outputs:
        if name in values:
            values[name] = secret(values[name])
    return values
