"""What Pulumi hands to a policy, as the rules see it; by its shape alone, so that no SDK is needed to read this.

A stack policy gets outputs: what a cluster filled in stands there as if the program had said it. Inputs come one
resource at a time, before it is made, so they are remembered by URN. Secrets arrive unwrapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from aigc.policy.rule import Finding
from aigc.policy.view import PROVIDER_PREFIX, NotKnown, ResourceView, StackView

_STACK_TYPE = "pulumi:pulumi:Stack"
_NOT_KNOWN_ERROR = "UnknownValueError"
"""What pulumi_policy's proxies raise at a value that a preview does not know."""


class PolicyArgs(Protocol):
    """`ResourceValidationArgs` and `PolicyResource`, as far as they are alike."""

    resource_type: str
    props: Mapping[str, Any]
    urn: str
    name: str
    opts: Any
    provider: Any


def message(finding: Finding) -> str:
    """What Pulumi prints beside the resource's URN."""
    return f"{finding.problem}. {finding.way_out}"


class Inputs:
    """What the program said of each resource so far."""

    def __init__(self) -> None:
        self._by_urn: dict[str, Mapping[str, Any]] = {}

    def remember(self, args: PolicyArgs) -> None:
        """Keep the inputs of one resource."""
        self._by_urn[args.urn] = known_part(args.props)

    def alone(self, args: PolicyArgs) -> StackView:
        """A view of one resource that is about to be made."""
        return StackView(_stack(args.urn), (_view(args, known_part(args.props), None),))

    def together(self, resources: Iterable[Any]) -> StackView:
        """A view of all: inputs where they were seen, else what Pulumi has."""
        listed = list(resources)
        views = tuple(
            _view(item, self._by_urn.get(item.urn) or known_part(item.props), item.parent)
            for item in listed
            if item.resource_type != _STACK_TYPE
        )
        return StackView(_stack(listed[0].urn) if listed else "", views)


def _stack(urn: str) -> str:
    return urn.split("::", maxsplit=1)[0].rsplit(":", 1)[-1]


def _view(args: PolicyArgs, inputs: Mapping[str, Any], parent: Any) -> ResourceView:
    kind = args.resource_type
    return ResourceView(
        urn=args.urn,
        type=kind,
        name=args.name,
        inputs=inputs,
        provider=args.provider.urn if args.provider else None,
        parent_type=parent.resource_type if parent else None,
        custom=_is_custom(kind),
        protect=bool(args.opts.protect),
        ignore_changes=tuple(args.opts.ignore_changes),
    )


def _is_custom(kind: str) -> bool:
    """Components have no provider's package: ours are `aigc:<layer>:<Class>`."""
    return kind.startswith(PROVIDER_PREFIX) or not kind.startswith(("aigc:", "pulumi:"))


def known_part(value: Mapping[str, Any]) -> dict[str, Any]:
    """A plain copy of the properties, with a marker where a preview knows none."""
    return {key: _plain(value, key) for key in value}


def _plain(holder: Any, key: Any) -> Any:
    try:
        value = holder[key]
    except Exception as error:
        if type(error).__name__ != _NOT_KNOWN_ERROR:
            raise
        return NotKnown()
    if isinstance(value, str | bytes):
        return value
    if isinstance(value, Mapping):
        return {inner: _plain(value, inner) for inner in value}
    if hasattr(value, "__getitem__") and hasattr(value, "__len__"):
        return [_plain(value, index) for index in range(len(value))]
    return int(value) if isinstance(value, float) and value.is_integer() else value
