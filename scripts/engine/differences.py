"""What two graphs disagree on, resource by resource and path by path: for `engine compare` and `preview --base`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.engine.graph import Resource
from scripts.engine.wire import MASK, UNKNOWN, holds_secret, is_secret, masked

ABSENT = object()
SHOWN_CHARACTERS = 160

SameValue = Callable[[Resource, tuple[str, ...], Any, Any], bool]
"""Whether two unequal values at a path mean the same."""


@dataclass(frozen=True)
class Difference:
    """One disagreement; `what` is `missing`, `extra` or the part that differs."""

    urn: str
    what: str
    path: str = ""
    ours: Any = None
    theirs: Any = None

    def __str__(self) -> str:
        if self.what in ("missing", "extra"):
            return f"{self.what}: {self.urn}"
        place = f"{self.what} {self.path}".strip()
        return f"{place}: {shown(self.ours)} here, {shown(self.theirs)} there"


def shown(value: Any) -> str:
    """A value in one short line, secrets masked."""
    text = repr(masked(value, unknown="<unknown>"))
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def differences(
    ours: Mapping[str, Resource], theirs: Mapping[str, Resource], same: SameValue = lambda *_: False
) -> list[Difference]:
    """Everything in which `theirs` is not `ours`, sorted by URN."""
    found: list[Difference] = []
    for urn in sorted({*ours, *theirs}):
        if urn not in theirs:
            found.append(Difference(urn, "extra"))
        elif urn not in ours:
            found.append(Difference(urn, "missing"))
        else:
            found.extend(_of_resource(ours[urn], theirs[urn], same))
    return found


def _of_resource(ours: Resource, theirs: Resource, same: SameValue) -> Iterator[Difference]:
    for part in ("type", "parent", "custom", "provider", "protect", "retain_on_delete", "deleted_with"):
        if getattr(ours, part) != getattr(theirs, part):
            yield Difference(ours.urn, part, "", getattr(ours, part), getattr(theirs, part))
    for part in ("dependencies", "ignore_changes", "replace_on_changes"):
        here, there = sorted(set(getattr(ours, part))), sorted(set(getattr(theirs, part)))
        if here != there:
            yield Difference(ours.urn, part, "", here, there)
    for key in sorted({*ours.property_dependencies, *theirs.property_dependencies}):
        here = sorted(set(ours.property_dependencies.get(key, [])))
        there = sorted(set(theirs.property_dependencies.get(key, [])))
        if here != there:
            yield Difference(ours.urn, "property_dependencies", key, here, there)
    yield from _of_values(ours, (), ours.inputs, theirs.inputs, same)


def _of_values(owner: Resource, path: tuple[str, ...], ours: Any, theirs: Any, same: SameValue) -> Iterator[Difference]:
    if _equal(ours, theirs) or same(owner, path, ours, theirs):
        return
    if isinstance(ours, dict) and isinstance(theirs, dict) and not (is_secret(ours) or is_secret(theirs)):
        for key in sorted({*ours, *theirs}):
            yield from _of_values(owner, (*path, key), ours.get(key, ABSENT), theirs.get(key, ABSENT), same)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (here, there) in enumerate(zip(ours, theirs, strict=True)):
            yield from _of_values(owner, (*path, str(index)), here, there, same)
    else:
        yield Difference(owner.urn, "inputs", ".".join(path), _absent_shown(ours), _absent_shown(theirs))


def _equal(ours: Any, theirs: Any) -> bool:
    """Equal, or hidden on either side and secret on the other: secretness must agree, content cannot be compared."""
    if isinstance(ours, bool) != isinstance(theirs, bool):
        return False
    if MASK in (_scalar(ours), _scalar(theirs)):
        return _hidden(ours) and _hidden(theirs)
    if is_secret(ours) and is_secret(theirs) and UNKNOWN in (_scalar(ours["value"]), _scalar(theirs["value"])):
        return True
    return bool(ours == theirs)


def _hidden(value: Any) -> bool:
    """The real engine hides a whole array when one item is secret."""
    return value == MASK or is_secret(value) or (isinstance(value, list) and holds_secret(value))


def _scalar(value: Any) -> Any:
    return None if isinstance(value, dict | list) else value


def _absent_shown(value: Any) -> Any:
    return "<absent>" if value is ABSENT else value
