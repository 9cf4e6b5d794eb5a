"""What is known of a resource before it is made."""

from __future__ import annotations

from scripts.engine.graph import Resource
from scripts.engine.outputs import of_resource


def resource(kind: str) -> Resource:
    return Resource(f"urn:pulumi:s::aigc::{kind}::one", kind, "one", "", True, {"tags": {"a": "b"}})


def test_inputs_are_known_of_what_a_provider_hands_back_as_it_got_it() -> None:
    assert of_resource(resource("gcp:compute/network:Network"), None) == ("", {"tags": {"a": "b"}}, False)


def test_nothing_is_known_of_what_comes_back_in_another_shape() -> None:
    assert of_resource(resource("azure-native:network:NatGateway"), None) == ("", {}, False)
