"""Our graph against the JSON of a `pulumi preview`: the two engines must agree, and this says where they do not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc.catalog.faults import fail
from scripts.engine.differences import Difference, differences
from scripts.engine.graph import PROVIDER_PREFIX, Graph, Resource
from scripts.engine.provider_effects import same_after_check
from scripts.engine.rules import provider_urn

HOW = "make it by `pulumi preview --json > FILE`"
_GONE = frozenset(
    {"delete", "delete-replaced", "discard", "remove-pending-replace", "discard-replaced", "read-discard"}
)
_URN_PARTS = 4


@dataclass(frozen=True)
class Preview:
    """What a `pulumi preview --json` declares."""

    stack: str
    resources: dict[str, Resource]


def read_preview(path: Path) -> Preview:
    """Read the file; UserError with where, why and the way out when it is something else."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise fail(str(path), "there is no such file", HOW) from None
    except (OSError, UnicodeDecodeError) as error:
        raise fail(str(path), f"it cannot be read: {error}", HOW) from None
    except json.JSONDecodeError as error:
        raise fail(f"{path}:{error.lineno}:{error.colno}", f"it is not JSON: {error.msg}", HOW) from None
    steps = raw.get("steps") if isinstance(raw, dict) else None
    if not isinstance(steps, list) or not steps:
        raise fail(f"{path}: steps", "it holds no steps, so it is no preview of a stack", HOW)
    resources: dict[str, Resource] = {}
    for number, step in enumerate(steps):
        where = f"{path}: steps[{number}]"
        if not isinstance(step, dict):
            raise fail(where, "a step is not an object", HOW)
        if step.get("op") in _GONE:
            continue
        resource = _resource(step, where)
        resources[resource.urn] = resource
    if not resources:
        raise fail(f"{path}: steps", "every step deletes something, so there is no program to compare with", HOW)
    return Preview(next(iter(resources)).split("::")[0].rsplit(":", 1)[-1], resources)


def compare(graph: Graph, preview: Preview) -> list[Difference]:
    """Differences that remain after what providers are known to do; `extra` is only here, `missing` only there."""
    theirs = {urn: item for urn, item in preview.resources.items() if not _is_default_provider(item)}
    return differences(graph.by_urn(), theirs, same_after_check)


def _resource(step: dict[str, Any], where: str) -> Resource:
    state = step.get("newState") or step.get("oldState")
    if not isinstance(state, dict):
        raise fail(f"{where}.newState", "the step holds no state", HOW)
    urn = state.get("urn") or step.get("urn")
    if not isinstance(urn, str) or not urn.startswith("urn:pulumi:") or len(urn.split("::")) < _URN_PARTS:
        raise fail(f"{where}.urn", f"'{urn}' is no URN", HOW)
    provider = str(state.get("provider") or step.get("provider") or "")
    type_token = str(state.get("type") or urn.split("::")[2].split("$")[-1])
    return Resource(
        urn=urn,
        type=type_token,
        name=urn.split("::", 3)[3],
        parent=_text(state, "parent", where),
        custom=bool(state.get("custom")),
        inputs=_mapping(state, "inputs", where),
        provider=provider_urn(provider),
        dependencies=_texts(state.get("dependencies"), f"{where}.newState.dependencies"),
        property_dependencies={
            key: _texts(urns, f"{where}.newState.propertyDependencies.{key}")
            for key, urns in _mapping(state, "propertyDependencies", where).items()
        },
        protect=bool(state.get("protect")),
        retain_on_delete=bool(state.get("retainOnDelete")),
        deleted_with=_text(state, "deletedWith", where),
        ignore_changes=_texts(state.get("ignoreChanges"), f"{where}.newState.ignoreChanges"),
        replace_on_changes=_texts(state.get("replaceOnChanges"), f"{where}.newState.replaceOnChanges"),
    )


def _text(state: dict[str, Any], key: str, where: str) -> str:
    value = state.get(key) or ""
    if not isinstance(value, str):
        raise fail(f"{where}.newState.{key}", "it is not a text", HOW)
    return value


def _mapping(state: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    value = state.get(key) or {}
    if not isinstance(value, dict):
        raise fail(f"{where}.newState.{key}", "it is not an object", HOW)
    return value


def _texts(value: Any, where: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise fail(where, "it is not a list of texts", HOW)
    return sorted(set(value))


def _is_default_provider(resource: Resource) -> bool:
    """Providers the real engine makes by itself for resources that name none."""
    return resource.type.startswith(PROVIDER_PREFIX) and resource.name.startswith("default")
