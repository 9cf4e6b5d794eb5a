"""What a change does to a stack that is there: added, removed, changed, replaced and why, and what would fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scripts.engine.differences import Difference, differences, shown
from scripts.engine.graph import Graph, Resource
from scripts.preview.replacements import (
    Effect,
    always_removes_first,
    is_named_by_program,
    removes_first_by_itself,
    verdict,
)

_WEIGHT = {effect: weight for weight, effect in enumerate(Effect)}
_WITHOUT_EFFECT = frozenset({"dependencies", "property_dependencies", "protect", "retain_on_delete", "deleted_with",
                             "ignore_changes", "replace_on_changes"})  # fmt: skip
"""Parts that only the engine's own state holds: a change of them touches nothing that exists."""


@dataclass(frozen=True)
class Reason:
    """One property that differs, what that does, and who says so."""

    path: str
    before: str
    now: str
    effect: Effect
    sources: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = {
            Effect.IN_PLACE: "in place",
            Effect.UNKNOWN: "may replace: not known",
            Effect.REPLACED: "forces replacement",
        }
        said = f" [{', '.join(self.sources)}]" if self.sources else ""
        return f"{self.path}: {self.before} -> {self.now} ({words[self.effect]}{said})"


@dataclass(frozen=True)
class ResourceChange:
    """A resource that differs."""

    urn: str
    effect: Effect
    reasons: tuple[Reason, ...]
    order: str = ""
    """How a replacement goes: which of the two comes first, and what that means."""


@dataclass(frozen=True)
class Changes:
    """What differs from another commit."""

    base: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[ResourceChange, ...]
    faults: tuple[str, ...] = ()
    """What `up` would stop at."""

    def of(self, effect: Effect) -> tuple[ResourceChange, ...]:
        """Changes with one effect."""
        return tuple(item for item in self.changed if item.effect is effect)


def changes_since(base: str, before: Graph, now: Graph) -> Changes:
    """Everything that differs, with the effect of each difference."""
    found = differences(now.by_urn(), before.by_urn())
    added = tuple(item.urn for item in found if item.what == "extra")
    removed = tuple(item.urn for item in found if item.what == "missing")
    by_urn: dict[str, list[Difference]] = {}
    for item in found:
        if item.what not in ("extra", "missing"):
            by_urn.setdefault(item.urn, []).append(item)
    olds, news = before.by_urn(), now.by_urn()
    changed = {urn: _change(olds[urn], news[urn], items, _provider(news, urn)) for urn, items in by_urn.items()}
    _cascade(changed, olds, now)
    ordered = tuple(_with_order(item, olds[urn], news[urn]) for urn, item in sorted(changed.items()))
    faults = (*_clashes(added, removed, olds, news), *_protected(removed, ordered, olds))
    return Changes(base, added, removed, ordered, faults)


def _provider(resources: Mapping[str, Resource], urn: str) -> Mapping[str, Any]:
    provider = resources.get(resources[urn].provider)
    return provider.inputs if provider else {}


def _change(before: Resource, now: Resource, items: list[Difference], provider: Mapping[str, Any]) -> ResourceChange:
    reasons = tuple(reason for item in items if (reason := _reason(before, now, item, provider)) is not None)
    return ResourceChange(now.urn, _heaviest(reasons), reasons)


def _heaviest(reasons: tuple[Reason, ...]) -> Effect:
    return max((one.effect for one in reasons), key=_WEIGHT.__getitem__, default=Effect.IN_PLACE)


def _reason(before: Resource, now: Resource, item: Difference, provider: Mapping[str, Any]) -> Reason | None:
    values = shown(item.theirs), shown(item.ours)
    if item.what != "inputs":
        effect = Effect.IN_PLACE if item.what in _WITHOUT_EFFECT or not now.custom else Effect.UNKNOWN
        return Reason(f"{item.what} {item.path}".strip(), *values, effect)
    if any(_covers(path, item.path) for path in now.ignore_changes):
        return None
    if any(_covers(path, item.path) for path in now.replace_on_changes):
        return Reason(item.path, *values, Effect.REPLACED, ("the program's replaceOnChanges",))
    if not now.custom:
        return Reason(item.path, *values, Effect.IN_PLACE)
    said = verdict(before, item.path, provider)
    return Reason(item.path, *values, said.effect, said.sources)


def _covers(path: str, changed: str) -> bool:
    return path in ("*", changed) or changed.startswith(f"{path}.")


def _cascade(changed: dict[str, ResourceChange], olds: Mapping[str, Resource], now: Graph) -> None:
    """What is made from a property of a replaced resource gets another value: offline both values are unknown."""
    for resource in now.resources:  # in dependency order, so that a chain is followed to its end
        if resource.urn not in olds or not resource.custom:
            continue
        for key, urns in sorted(resource.property_dependencies.items()):
            for urn in urns:
                if urn in changed and changed[urn].effect is Effect.REPLACED and key not in resource.ignore_changes:
                    _add_reason(changed, resource, key, urn, now)


def _add_reason(changed: dict[str, ResourceChange], resource: Resource, key: str, cause: str, now: Graph) -> None:
    said = verdict(resource, key, _provider(now.by_urn(), resource.urn))
    # Of a block that is built from another resource it is not known which of its properties is.
    effect = Effect.UNKNOWN if said.of_a_part else said.effect
    name = cause.rsplit("::", maxsplit=1)[-1]
    reason = Reason(key, f"of {name}", f"of the new {name}", effect, said.sources)
    old = changed.get(resource.urn, ResourceChange(resource.urn, Effect.IN_PLACE, ()))
    if any((one.path, one.before) == (reason.path, reason.before) for one in old.reasons):
        return
    reasons = (*old.reasons, reason)
    changed[resource.urn] = replace(old, reasons=reasons, effect=_heaviest(reasons))


def _with_order(change: ResourceChange, before: Resource, now: Resource) -> ResourceChange:
    if change.effect is not Effect.REPLACED:
        return change
    named = is_named_by_program(before, now)
    if now.delete_before_replace:
        order = "the old one is deleted first: deleteBeforeReplace is set"
    elif named and removes_first_by_itself(now):
        order = "the old one is deleted first: both bear one name, which the program chose"
    elif always_removes_first(now):
        order = "the old one is deleted first: its provider has no other order"
    elif named:
        order = "the new one is created first and finds its name taken: set deleteBeforeReplace or another name"
    else:
        order = "the new one is created first, then the old one is deleted"
    return replace(change, order=order)


def _clashes(
    added: tuple[str, ...], removed: tuple[str, ...], olds: Mapping[str, Resource], news: Mapping[str, Resource]
) -> Iterator[str]:
    """Something new with the name of something old: Pulumi creates first and deletes last."""
    for urn in added:
        for gone in removed:
            old, new = olds[gone], news[urn]
            aliased = any(alias == gone for alias in new.aliases)
            if new.custom and old.type == new.type and not aliased and is_named_by_program(old, new):
                way_out = "give the new one an alias of the old one's URN, or another name"
                yield f"{short(urn)} is created before {short(gone)} is deleted, and both bear one name: {way_out}"


def _protected(
    removed: tuple[str, ...], changed: tuple[ResourceChange, ...], olds: Mapping[str, Resource]
) -> Iterator[str]:
    replaced = tuple(item.urn for item in changed if item.effect is Effect.REPLACED)
    for urn in (*removed, *replaced):
        if olds[urn].protect:
            way_out = "take the protection off in a change of its own first"
            yield f"{short(urn)} is protected and would be deleted: {way_out}"


def short(urn: str) -> str:
    """A URN without stack and project, which are the same on every line."""
    return "::".join(urn.split("::")[2:])
