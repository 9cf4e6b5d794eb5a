"""A stack's Kubernetes objects as YAML files in apply order, for eyes, reviews and policy tools."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from scripts.engine.graph import Graph, Resource
from scripts.engine.objects import key_of, manifest
from scripts.engine.wire import MASK, holds_secret, masked

HEADER = "# Made by `python -m scripts render`; do not edit: the next run overwrites it.\n"
UNKNOWN_SHOWN = "<unknown>"
_LEADING = ("apiVersion", "kind", "metadata")


class _Dumper(yaml.SafeDumper):
    """Texts of several lines are printed as blocks; nothing is folded."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


def render_graph(graph: Graph, folder: Path) -> list[Path]:
    """Write one file per object or Release; files of an earlier run are removed, anything else is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.yaml"):
        if stale.read_text(encoding="utf-8", errors="replace").startswith(HEADER):
            stale.unlink()
    paths = []
    shown = [resource for resource in graph.resources if resource.is_kubernetes_object or resource.is_release]
    for number, resource in enumerate(shown, start=1):
        path = folder / f"{number:03d}-{file_stem(resource)}.yaml"
        path.write_text(HEADER + text_of(resource), encoding="utf-8")
        paths.append(path)
    return paths


def text_of(resource: Resource) -> str:
    """One object as YAML: secrets masked, unknown values marked."""
    return to_yaml(_release(resource) if resource.is_release else shown_manifest(resource))


def shown_manifest(resource: Resource) -> dict[str, Any]:
    """The object as it is sent, fit to be seen."""
    body = manifest(resource)
    inputs = resource.inputs
    shown: dict[str, Any] = masked(body, unknown=UNKNOWN_SHOWN)
    if holds_secret(inputs) or inputs.get("kind") == "Secret":
        shown = masked({**body, **_secret_parts(inputs, body)}, unknown=UNKNOWN_SHOWN)
    ordered = {key: shown[key] for key in _LEADING if key in shown}
    return {**ordered, **{key: shown[key] for key in sorted(shown) if key not in _LEADING}}


def to_yaml(document: dict[str, Any]) -> str:
    """Block style, keys in the order given."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=4096, allow_unicode=True)


def file_stem(resource: Resource) -> str:
    """`namespace-models`, `deployment-gateway-gateway`: kind, namespace, name."""
    if resource.is_release:
        parts = ["release", str(resource.inputs.get("namespace") or ""), str(resource.inputs.get("name") or "")]
    else:
        key = key_of(masked(resource.inputs, unknown="unknown"))
        parts = [key.kind, key.namespace, key.name]
    return re.sub(r"[^a-z0-9.-]+", "-", "-".join(part for part in parts if part).lower())


def _secret_parts(inputs: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Top-level fields that hold a secret, with their marks, so that masking finds them."""
    parts = {key: inputs[key] for key in body if key in inputs and holds_secret(inputs[key])}
    if inputs.get("kind") == "Secret":
        for field in ("data", "stringData"):
            if isinstance(body.get(field), dict):
                parts[field] = dict.fromkeys(body[field], MASK)
            elif field in body:
                parts[field] = MASK
    return parts


def _release(resource: Resource) -> dict[str, Any]:
    wanted = ("chart", "version", "repositoryOpts", "namespace", "name", "values")
    inputs = masked(resource.inputs, unknown=UNKNOWN_SHOWN)
    return {
        "opaque": "Helm makes these objects when the Release is installed; they cannot be listed here",
        "release": {key: inputs[key] for key in wanted if key in inputs},
    }
