"""Where the providers differ from the APIs they call: one row for a resource type, one rule for a property.

A property without a rule is the field of the same name at the same place of the request; only what differs is written
down. Keys are the provider's paths without indices (`nodeConfig.guestAccelerators.type`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class At:
    """The property is another place of the API.

    `to` is a path below the object that holds the property: `field`, `field.below`, `field[].below` for what lies in
    an array's elements. `Other:path` starts at another request or type of the model, `ec2/Other:path` at one of another
    model, `Other:` is that request itself.
    """

    to: str
    why: str
    each: bool = False
    """The provider takes a list of what the API has at `to`."""
    template: str = ""
    """How the provider puts a short value into the API's, for example `projects/p/locations/{}`."""
    converted: bool = False
    """The provider takes `"true"` for a boolean, digits for a number, a number or an object for text, and converts."""


@dataclass(frozen=True)
class Pairs:
    """A map of the provider is an array of keys and values to the API."""

    key: str
    value: str
    why: str


@dataclass(frozen=True)
class Keys:
    """A list of the provider is the keys of a map to the API, which sets the values."""

    to: str
    why: str


@dataclass(frozen=True)
class NotCovered:
    """No model has it: the provider's own, with what it does."""

    why: str


Rule = At | Pairs | Keys | NotCovered | tuple[At, ...]
"""Several places: the value has to fit each of them."""


@dataclass(frozen=True)
class Row:
    """What one resource type is to the API of its cloud."""

    type: str
    model: str
    """`container.v1` of Google's documents, `azure-network` of Azure's packages, `eks` of botocore's."""
    request: str
    """The request's type whose fields the properties are."""
    fields: Mapping[str, Rule] = field(default_factory=dict)
    filled: Mapping[str, str] = field(default_factory=dict)
    """What the request requires and the provider fills in by itself, with how."""


def under(prefix: str, rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """The same rules for an object that stands at `prefix`."""
    return {f"{prefix}.{key}": rule for key, rule in rules.items()}
