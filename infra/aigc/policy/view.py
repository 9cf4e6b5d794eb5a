"""What a rule sees of a stack, whichever engine made it: plain values, with markers for what is hidden or not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PROVIDER_PREFIX = "pulumi:providers:"


class Hidden:
    """A secret: that it is one is all that a rule may know."""

    def __repr__(self) -> str:
        return "[secret]"


class NotKnown:
    """A value that is there only after the resource is."""

    def __repr__(self) -> str:
        return "[unknown]"


@dataclass(frozen=True)
class ResourceView:
    """One resource, its inputs by their names in Pulumi (camelCase)."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    provider: str | None = None
    """URN of its provider; None: it names none, so that the engine would make one."""
    parent_type: str | None = None
    custom: bool = True
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()

    @property
    def is_provider(self) -> bool:
        """Whether it is a provider."""
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def package(self) -> str:
        """`gcp` of `gcp:container/cluster:Cluster`."""
        return self.type.split(":", 1)[0]

    @property
    def kind(self) -> str | None:
        """Kind of the Kubernetes object that it is; None of everything else."""
        kind = self.inputs.get("kind") if self.package == "kubernetes" else None
        return kind if isinstance(kind, str) else None

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Metadata of a Kubernetes object."""
        return mapping(self.inputs.get("metadata"))


@dataclass(frozen=True)
class StackView:
    """Every resource of a stack."""

    stack: str
    resources: Sequence[ResourceView] = field(default_factory=tuple)

    @property
    def production(self) -> bool:
        """Whether people depend on it; by its name, as everywhere."""
        return self.stack.endswith("-prod")

    def of_type(self, *types: str) -> Iterator[ResourceView]:
        """Resources of some types."""
        return (item for item in self.resources if item.type in types)

    def objects(self, *kinds: str) -> Iterator[ResourceView]:
        """Kubernetes objects of some kinds."""
        return (item for item in self.resources if item.kind in kinds)

    def releases(self) -> Iterator[ResourceView]:
        """Helm Releases."""
        return (item for item in self.resources if item.type == "kubernetes:helm.sh/v3:Release")


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one: what is not known has no fields."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list | tuple) else ()


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value inside with its path; nothing below what is hidden or not known."""
    yield path, value
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from walk(inner, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from walk(inner, (*path, str(index)))
