"""Whether a change of a property replaces its resource: facts of the providers, and unknown where nobody has one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from scripts.engine.graph import Resource
from scripts.engine.objects import key_of

FILE = Path(__file__).with_name("replacements.yaml")


class Effect(StrEnum):
    """What a change does to a resource that is there; the later one outweighs the earlier."""

    IN_PLACE = "changed"
    UNKNOWN = "may be replaced: not known"
    REPLACED = "replaced"


@dataclass(frozen=True)
class Verdict:
    """The effect of one property, and the sources that say so."""

    effect: Effect
    sources: tuple[str, ...] = ()
    of_a_part: bool = False
    """It is that of some property inside, and would not hold of the others."""


@cache
def facts() -> Mapping[str, Any]:
    """The whole file."""
    content: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content


def verdict(resource: Resource, path: str, provider: Mapping[str, Any]) -> Verdict:
    """What a change at `path` (dotted, with indexes of lists) does to the resource; `provider` is its one's inputs."""
    plain = tuple(part for part in path.split(".") if not part.isdecimal())
    if resource.is_kubernetes_object:
        return _of_object(resource, plain, provider)
    if resource.is_release:
        return _by_lists(plain, facts()["release"]["replaces"], None, facts()["release"]["source"])
    known = facts()["types"].get(resource.type)
    if known is None:
        return Verdict(Effect.UNKNOWN)
    return _by_lists(plain, known["replaces"], known["in_place"], known["source"])


def is_named_by_program(before: Resource, now: Resource) -> bool:
    """Whether both bear one name that the program chose: two such cannot be there at a time."""
    if now.is_kubernetes_object:
        here, there = key_of(now.inputs), key_of(before.inputs)
        return bool(here.name) and (here.name, here.namespace) == (there.name, there.namespace)
    key = facts()["types"].get(now.type, {}).get("named_by")
    return key is not None and now.inputs.get(key) is not None and now.inputs.get(key) == before.inputs.get(key)


def removes_first_by_itself(resource: Resource) -> bool:
    """Whether the provider lets the old one go first where the name is the program's."""
    return resource.is_kubernetes_object or resource.type in facts()["types"]


def always_removes_first(resource: Resource) -> bool:
    """Whether its provider lets the old one go first whatever the names."""
    return resource.type.split(":", 1)[0] in facts()["old_first"]["packages"]


_MUTABLE = {"ConfigMap": "enableConfigMapMutable", "Secret": "enableSecretMutable"}
"""Inputs of the provider by which objects of a kind change in place, unless the object itself says immutable."""


def _of_object(resource: Resource, path: tuple[str, ...], provider: Mapping[str, Any]) -> Verdict:
    known = facts()["kubernetes"]
    group = str(resource.inputs["apiVersion"]).rpartition("/")[0]
    kind = str(resource.inputs["kind"])
    own = known.get(f"{group}/{kind}" if group else kind, [])
    if provider.get(_MUTABLE.get(kind, "")) in (True, "true") and not resource.inputs.get("immutable"):
        own = []
    return _by_lists(path, [*known["every_kind"], *own], None, known["source"])


def _by_lists(
    path: tuple[str, ...], replaces: Sequence[str], in_place: Sequence[str] | None, sources: Iterable[str]
) -> Verdict:
    """Longest match decides; `in_place` None means that everything else changes in place.

    A path above some names is a whole block that comes or goes: with one property in it that replaces, it does.
    """
    replacing, updating = _longest(path, replaces), _longest(path, in_place or ())
    if replacing or updating:
        return Verdict(Effect.REPLACED if replacing > updating else Effect.IN_PLACE, tuple(sources))
    if _holds(path, replaces):
        return Verdict(Effect.REPLACED, tuple(sources), of_a_part=True)
    known = in_place is None or _holds(path, in_place)
    return Verdict(Effect.IN_PLACE, tuple(sources)) if known else Verdict(Effect.UNKNOWN)


def _longest(path: tuple[str, ...], names: Iterable[str]) -> int:
    """Length of the longest name that the path is, or lies in; 0 for none."""
    parts = (tuple(name.split(".")) for name in names)
    return max((len(one) for one in parts if path[: len(one)] == one), default=0)


def _holds(path: tuple[str, ...], names: Iterable[str]) -> bool:
    return any(tuple(name.split("."))[: len(path)] == path for name in names)
