"""Every property of which there is a fact is one that the provider's own classes have."""

from __future__ import annotations

import importlib
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi._types import input_type_types, is_input_type

from scripts.preview.replacements import facts

MODULES = {"gcp": "pulumi_gcp", "aws": "pulumi_aws", "azure-native": "pulumi_azure_native"}


def arguments(token: str) -> type:
    """The class of a type's arguments; it has another name where a block of others has the first."""
    package, place, name = token.split(":")
    module = importlib.import_module(f"{MODULES[package]}.{place.partition('/')[0]}")
    named = name.replace("iAM", "IAM", 1)
    found: type = getattr(module, f"{named}InitArgs", None) or getattr(module, f"{named}Args")
    return found


def inputs_in(hint: Any) -> Iterator[type]:
    """Classes of inputs inside a type, however it wraps them."""
    if isinstance(hint, type) and is_input_type(hint):
        yield hint
    for inner in typing.get_args(hint):
        yield from inputs_in(inner)


def has(of: type, path: list[str]) -> bool:
    known = input_type_types(of)
    if path[0] not in known:
        return False
    return len(path) == 1 or any(has(inner, path[1:]) for inner in inputs_in(known[path[0]]))


@pytest.mark.parametrize("token", facts()["types"])
def test_every_listed_property_is_one_of_the_type(token: str) -> None:
    listed, of = facts()["types"][token], arguments(token)
    names = [*listed["replaces"], *listed["in_place"], *([listed["named_by"]] if "named_by" in listed else [])]
    assert names and [name for name in names if not has(of, name.split("."))] == []


def test_a_property_that_the_type_has_not_is_seen() -> None:
    of = arguments("gcp:container/nodePool:NodePool")
    assert has(of, ["nodeConfig", "taints"])
    assert not has(of, ["nodeConfig", "taint"]) and not has(of, ["name", "x"])
