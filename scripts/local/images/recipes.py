"""What each image is made of, read from `k8s/local/images/images.yaml`: data, so that adding an image is a row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from aigc.catalog.faults import fail
from scripts.local.images.archive import Runtime
from scripts.local.supply.pins import LOCAL

SOURCE = "k8s/local/images/images.yaml"
ENDPOINT = "triton"
"""The recipe that every endpoint's image begins with; its models come on top as one more layer."""


@dataclass(frozen=True)
class LayerSpec:
    """One layer of a recipe: `kind` says what it is made of, `fields` the details."""

    name: str
    kind: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """An image: its layers from the bottom up, and how it starts."""

    role: str
    layers: tuple[LayerSpec, ...]
    runtime: Runtime


@cache
def recipes() -> dict[str, Recipe]:
    """Every recipe, by role."""
    content = yaml.safe_load((LOCAL / "images" / "images.yaml").read_text())
    layers = {name: _layer(name, fields) for name, fields in content["layers"].items()}
    return {role: _recipe(role, fields, layers) for role, fields in content["images"].items()}


def recipe_of(role: str) -> Recipe:
    """The recipe of a role; a role without one is named with the way out."""
    try:
        return recipes()[role]
    except KeyError:
        raise fail(f"image role {role}", "it has no recipe", f"add it to {SOURCE}") from None


def _layer(name: str, fields: dict[str, Any]) -> LayerSpec:
    if len(fields) != 1:
        raise fail(f"{SOURCE}: layers.{name}", "a layer has exactly one kind", "write one of debian, go, wheels, files")
    ((kind, details),) = fields.items()
    return LayerSpec(name, kind, details)


def _recipe(role: str, fields: dict[str, Any], layers: dict[str, LayerSpec]) -> Recipe:
    unknown = [name for name in fields["layers"] if name not in layers]
    if unknown:
        raise fail(f"{SOURCE}: images.{role}", f"there is no layer {', '.join(unknown)}", "define it under `layers`")
    environment = {name: str(value) for name, value in fields.get("environment", {}).items()}
    runtime = Runtime(tuple(fields["entrypoint"]), environment, fields.get("folder", "/"))
    return Recipe(role, tuple(layers[name] for name in fields["layers"]), runtime)
