"""A graph of our engine as the rules see it."""

from __future__ import annotations

from typing import Any

from aigc.policy.view import Hidden, NotKnown, ResourceView, StackView
from scripts.engine.graph import STACK_TYPE, Graph, Resource
from scripts.engine.wire import UNKNOWN, is_secret


def stack_view(graph: Graph) -> StackView:
    """Every resource but the stack itself."""
    by_urn = graph.by_urn()
    resources = [item for item in graph.resources if item.type != STACK_TYPE and not item.read]
    return StackView(graph.stack, tuple(_resource(item, by_urn) for item in resources))


def _resource(resource: Resource, by_urn: dict[str, Resource]) -> ResourceView:
    parent = by_urn.get(resource.parent)
    return ResourceView(
        urn=resource.urn,
        type=resource.type,
        name=resource.name,
        inputs={key: _plain(value) for key, value in resource.inputs.items()},
        provider=resource.provider or None,
        parent_type=parent.type if parent else None,
        custom=resource.custom,
        protect=resource.protect,
        ignore_changes=tuple(resource.ignore_changes),
    )


def _plain(value: Any) -> Any:
    if is_secret(value):
        return Hidden()
    if isinstance(value, str) and UNKNOWN in value:
        return NotKnown()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
