"""A registration request of the SDK as our `Resource`: plain values, sorted lists, nothing of protobuf left."""

from __future__ import annotations

from typing import Any

from pulumi.runtime.proto import alias_pb2, resource_pb2

from scripts.engine.graph import Resource
from scripts.engine.rules import provider_urn
from scripts.engine.wire import RESOURCE_SIGNATURE, SIGNATURE, from_struct


def resource_of(request: resource_pb2.RegisterResourceRequest, urn: str) -> Resource:
    """Everything of a request that the graph keeps."""
    inputs = from_struct(request.object)
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        inputs={key: _canonical(value) for key, value in inputs.items()},
        provider=provider_urn(request.provider),
        providers={package: provider_urn(request.providers[package]) for package in sorted(request.providers)},
        dependencies=sorted(set(request.dependencies)),
        property_dependencies=_property_dependencies(request),
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        deleted_with=request.deletedWith,
        delete_before_replace=request.deleteBeforeReplace,
        ignore_changes=sorted(request.ignoreChanges),
        replace_on_changes=sorted(request.replaceOnChanges),
        additional_secret_outputs=sorted(request.additionalSecretOutputs),
        aliases=sorted({_alias(alias) for alias in request.aliases}),
        timeouts=_timeouts(request),
        import_id=request.importId,
        version=request.version,
    )


def _property_dependencies(request: resource_pb2.RegisterResourceRequest) -> dict[str, list[str]]:
    found = request.propertyDependencies
    return {key: sorted(set(found[key].urns)) for key in sorted(found)}


def _timeouts(request: resource_pb2.RegisterResourceRequest) -> dict[str, str]:
    given = request.customTimeouts
    values = {"create": given.create, "update": given.update, "delete": given.delete}
    return {key: value for key, value in values.items() if value}


def _alias(alias: alias_pb2.Alias) -> str:
    if alias.WhichOneof("alias") == "urn":
        return alias.urn
    spec = alias.spec
    parent = "none" if spec.noParent else spec.parentUrn
    return f"name={spec.name} type={spec.type} stack={spec.stack} project={spec.project} parent={parent}"


def _canonical(value: Any) -> Any:
    """References to resources carry an id that differs between preview and afterwards: keep their URN only."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == RESOURCE_SIGNATURE:
            return {SIGNATURE: RESOURCE_SIGNATURE, "urn": value.get("urn")}
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return value
