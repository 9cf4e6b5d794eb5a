"""Type tokens and the thin base of every component, so that prefix, parent and provider are right in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

PREFIX = "aigc"


def type_token(layer: str, class_name: str) -> str:
    """`aigc:<layer>:<Class>`, the middle of every URN; renaming one replaces what is under it."""
    return f"{PREFIX}:{layer}:{class_name}"


class Component(pulumi.ComponentResource):
    """A component that owns its children: they get it as parent and name their provider themselves.

    A subclass says its layer, makes children with `self.child(...)` and ends its constructor with `self.done(...)`.
    """

    LAYER: ClassVar[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(type_token(self.LAYER, type(self).__name__), name, {}, opts)

    def child(
        self,
        provider: pulumi.ProviderResource | None,
        after: Sequence[pulumi.Resource] = (),
        **options: Any,
    ) -> pulumi.ResourceOptions:
        """Options of a child: parent, explicit provider, and what must exist before it."""
        return pulumi.ResourceOptions(parent=self, provider=provider, depends_on=list(after), **options)

    def done(self, outputs: Mapping[str, Any]) -> None:
        """Tell the engine that every child is registered; without it a component never counts as finished."""
        self.register_outputs(dict(outputs))
