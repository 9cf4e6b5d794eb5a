"""Reasons not to start applying at all; every one of them is found before the cluster is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aigc.catalog.faults import Fault, UserError
from scripts.engine.graph import PROVIDER_PREFIX, Graph, Resource
from scripts.engine.inventory import Identity, identity, is_ours, managers
from scripts.engine.objects import STACK_LABEL, key_of, manifest

PULUMI_MANAGER = "pulumi-kubernetes"


def refuse_unsupported(graph: Graph) -> None:
    """Only Kubernetes objects, each with a name and the stack's label, can be applied here."""
    faults = [fault for resource in graph.resources if (fault := _unsupported(resource, graph.stack)) is not None]
    if faults:
        raise UserError(faults)
    seen: dict[Identity, str] = {}
    for resource in graph.kubernetes_objects():
        name = identity(key_of(resource.inputs))
        if name in seen:
            faults.append(Fault(resource.urn, f"it is the same object as {seen[name]}", "declare the object once"))
        seen[name] = resource.urn
    if faults:
        raise UserError(faults)


def refuse_foreign(graph: Graph, live: Mapping[Identity, dict[str, Any]]) -> None:
    """What Pulumi applied stays Pulumi's until somebody says otherwise."""
    faults = []
    for resource in graph.kubernetes_objects():
        found = live.get(identity(key_of(resource.inputs)))
        if found is None or is_ours(found):
            continue
        owners = sorted({name for name in managers(found) if name.startswith(PULUMI_MANAGER)})
        if owners:
            faults.append(
                Fault(
                    str(key_of(resource.inputs)),
                    f"`pulumi up` made it (field manager {', '.join(owners)})",
                    "go on with `pulumi up`, or take it over with --adopt",
                )
            )
    if faults:
        raise UserError(faults)


def _unsupported(resource: Resource, stack: str) -> Fault | None:
    if not resource.custom or resource.type.startswith((PROVIDER_PREFIX, "pulumi:")):
        return None
    if resource.is_release:
        return Fault(
            resource.urn, "a Helm Release needs Helm, which is not built into this engine", "use `pulumi up` for it"
        )
    if not resource.is_kubernetes_object or resource.type.endswith("Patch"):
        return Fault(
            resource.urn,
            f"'{resource.type}' is not an object this engine can make: it applies Kubernetes objects only",
            f"use `pulumi up -s {stack}`",
        )
    labels = ((manifest(resource).get("metadata") or {}).get("labels")) or {}
    if labels.get(STACK_LABEL) != stack:
        return Fault(
            resource.urn,
            f"it lacks the label {STACK_LABEL}={stack}, by which pruning would find it again",
            "add the label in the component that makes it",
        )
    return None
