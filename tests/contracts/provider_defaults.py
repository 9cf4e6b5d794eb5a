"""What a provider adds to a resource's inputs from its own settings before it sends them."""

from __future__ import annotations

import json
from typing import Any

from scripts.engine.wire import UNKNOWN, revealed
from tests.contracts.rules import Row
from tests.contracts.schema import Kind, Schema, field_of

FILLED_FROM_SETTINGS = ("project", "region")
"""Of `gcp`: what a resource does not say is what its provider says."""


def with_defaults(inputs: dict[str, Any], settings: dict[str, Any], row: Row, request: Schema) -> dict[str, Any]:
    """The inputs of a resource of `row` as its provider, whose inputs are `settings`, sends them."""
    if row.type.startswith("gcp:"):
        added = {name: settings[name] for name in FILLED_FROM_SETTINGS if name in settings and name in row.fields}
        return {**added, **inputs}
    if row.type.startswith("azure-native:"):
        return {"location": settings["location"], **inputs} if takes_location(request, settings) else inputs
    tags = default_tags(settings)
    if not tags or not takes_tags(row, request):
        return inputs
    own = inputs.get("tags", {})
    return inputs if own == UNKNOWN else {**inputs, "tags": {**tags, **revealed(own)}}


def takes_location(request: Schema, settings: dict[str, Any]) -> bool:
    """Whether Azure wants to know where: then the provider says its own place where a resource says none."""
    return "location" in request.fields and "location" in settings


def takes_tags(row: Row, request: Schema) -> bool:
    """Whether the provider's resource has `tags`: it makes the API's list of them from a map."""
    found = field_of(request, "tags")
    return "tags" in row.fields or (found is not None and found[1].schema.kind is Kind.MAP)


def default_tags(settings: dict[str, Any]) -> dict[str, Any]:
    """The tags that `aws` puts on everything that can have some; settings that are no text travel as JSON."""
    text = revealed(settings.get("defaultTags", "{}"))
    if text == UNKNOWN:
        return {}
    tags: dict[str, Any] = json.loads(text).get("tags", {})
    return tags
