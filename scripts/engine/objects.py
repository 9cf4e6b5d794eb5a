"""Kubernetes objects of a graph exactly as they are sent to a cluster: `render` and `apply` share this."""

from __future__ import annotations

import base64
import copy
from dataclasses import dataclass
from typing import Any

from scripts.engine.graph import Graph, Resource
from scripts.engine.wire import holds_unknown, revealed

STACK_LABEL = "aigc/stack"
"""Inventory label: only objects that carry it are ever pruned."""
# What the API server fills in and the Kubernetes provider's Check takes out.
SERVER_METADATA = ("creationTimestamp", "uid", "resourceVersion", "generation", "managedFields", "selfLink")


@dataclass(frozen=True, order=True)
class ObjectKey:
    """Identity of an object in a cluster."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place}"

    @property
    def group(self) -> str:
        """API group; the core group is the empty text."""
        return self.api_version.rpartition("/")[0]


def manifest(resource: Resource) -> dict[str, Any]:
    """The object to send; secrets are plain in it, so it must not be printed."""
    body = copy.deepcopy(revealed(resource.inputs))
    body.pop("status", None)
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        for key in SERVER_METADATA:
            metadata.pop(key, None)
    if body.get("kind") == "Secret":
        _encode_string_data(body)
    if body.get("kind") == "ClusterRole" and body.get("aggregationRule"):
        body.pop("rules", None)  # filled and owned by a controller: sending ours would be a conflict for ever
    cleaned: dict[str, Any] = without_null(body)
    return cleaned


def key_of(body: dict[str, Any]) -> ObjectKey:
    """Identity of a manifest or of a live object."""
    metadata = body.get("metadata") or {}
    return ObjectKey(
        str(body.get("apiVersion", "")),
        str(body.get("kind", "")),
        str(metadata.get("namespace") or ""),
        str(metadata.get("name", "")),
    )


def objects_of(graph: Graph) -> list[tuple[Resource, dict[str, Any]]]:
    """Every object with its manifest, in apply order."""
    return [(resource, manifest(resource)) for resource in graph.kubernetes_objects()]


def is_complete(resource: Resource) -> bool:
    """Whether every value is known, so that it can be sent."""
    return not holds_unknown(resource.inputs)


def without_null(value: Any) -> Any:
    """Null means absent in a manifest."""
    if isinstance(value, dict):
        return {key: without_null(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_null(item) for item in value]
    return value


def _encode_string_data(body: dict[str, Any]) -> None:
    """The Kubernetes provider sends `stringData` as base64 `data`; so both engines own the same fields."""
    plain = body.get("stringData")
    if not isinstance(plain, dict) or holds_unknown(plain):
        return
    body.pop("stringData")
    encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in plain.items()}
    body["data"] = {**(body.get("data") or {}), **encoded}
