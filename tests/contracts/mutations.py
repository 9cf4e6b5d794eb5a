"""Every way in which one argument can be wrong: a property misspelt, a value of another type, a text changed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scripts.engine.wire import UNKNOWN, is_asset

FREE_MAPS = frozenset({"labels", "metadata", "nodeLabels", "resourceLabels", "tags"})
"""Properties whose keys are the user's own."""
OBJECT_MAPS = frozenset({"identityProfile"})
"""The same, but what stands under a key is an object of the API."""
NO_SUCH_VALUE = "NO_SUCH_VALUE"


@dataclass(frozen=True)
class Mutation:
    """One wrong argument: where it is, and the inputs that have it."""

    path: str
    inputs: dict[str, Any]


class Key(str):
    """A key of the user's own on the way to a place."""

    __slots__ = ()


Step = str | int


def misspelt(inputs: dict[str, Any]) -> Iterator[Mutation]:
    """Each property in turn, at whatever depth, with a letter too many."""
    for steps, _ in places(inputs):
        if isinstance(steps[-1], str):
            changed = copy.deepcopy(inputs)
            holder = reach(changed, steps[:-1])
            holder[f"{steps[-1]}x"] = holder.pop(steps[-1])
            yield Mutation(f"{path_of(steps)}x", changed)


def of_another_type(inputs: dict[str, Any]) -> Iterator[Mutation]:
    """Each value that is known, as a value of a type that no API takes there."""
    for steps, value in places(inputs):
        if value != UNKNOWN:
            wrong: Any = [[7]] if isinstance(value, str | dict) else {"wrong": "type"}
            yield Mutation(path_of(steps), replaced(inputs, steps, wrong))


def of_no_such_value(inputs: dict[str, Any]) -> Iterator[Mutation]:
    """Each text that is known, as one that no list of values has."""
    for steps, value in places(inputs):
        if isinstance(value, str) and value != UNKNOWN:
            yield Mutation(path_of(steps), replaced(inputs, steps, NO_SUCH_VALUE))


def places(value: Any, steps: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Any]]:
    """Every property and every element of a list, with the way to it; not what lies in a map of the user's own keys,
    nor what a file is described by."""
    if is_asset(value):
        return
    if isinstance(value, dict) and steps and steps[-1] in OBJECT_MAPS:
        for key, item in value.items():
            yield from places(item, (*steps, Key(key)))
    elif isinstance(value, dict) and not (steps and steps[-1] in FREE_MAPS):
        for key, item in value.items():
            yield (*steps, key), item
            yield from places(item, (*steps, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*steps, index), item
            yield from places(item, (*steps, index))


def replaced(inputs: dict[str, Any], steps: tuple[Step, ...], value: Any) -> dict[str, Any]:
    """A copy of the inputs with another value at one place."""
    changed = copy.deepcopy(inputs)
    reach(changed, steps[:-1])[steps[-1]] = value
    return changed


def reach(value: Any, steps: tuple[Step, ...]) -> Any:
    """What lies at the end of the way."""
    for step in steps:
        value = value[step]
    return value


def path_of(steps: tuple[Step, ...]) -> str:
    """As the checker writes it."""
    shown = (
        f"[{step}]" if isinstance(step, int) else f"['{step}']" if isinstance(step, Key) else f".{step}"
        for step in steps
    )
    return "".join(shown).removeprefix(".")
