"""Fills the digests of other makers' images into versions.yaml; every other character of the file stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import yaml

from aigc.catalog.data import catalog_path, typed
from aigc.catalog.faults import fail
from aigc.catalog.versions import UpstreamImage, Versions
from scripts.capacity.facts import Deadline, Unknown
from scripts.pin.registry import digest_of, tag_of
from scripts.progress import Progress

FILE = "versions.yaml"
_SECTION, _COLUMN = "upstream_images", "digest"


class Outcome(StrEnum):
    """What became of an image's digest."""

    FOUND = "found"
    UNCHANGED = "unchanged"
    MOVED = "moved"
    UNKNOWN = "unknown"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Pinned:
    """One image, as its registry has it."""

    name: str
    outcome: Outcome
    words: str
    digest: str | None = None
    """To be written into the file."""

    @property
    def settled(self) -> bool:
        """Whether nobody has to look at it."""
        return self.outcome not in (Outcome.MOVED, Outcome.UNKNOWN)


def ask_images(text: str, seconds: float, progress: Progress) -> tuple[Pinned, ...]:
    """What the registries say of every image in the text of versions.yaml."""
    deadline = Deadline(seconds)
    images = typed(Versions, yaml.safe_load(text), f"catalog/{FILE}").upstream_images
    found = []
    for name, image in images.items():
        with progress.step(f"digest of {image.reference}") as step:
            found.append(_ask(name, image, deadline))
            step.detail = found[-1].outcome
    return tuple(found)


def _ask(name: str, image: UpstreamImage, deadline: Deadline) -> Pinned:
    tag = tag_of(image.reference)
    if tag is None:
        return Pinned(name, Outcome.NOT_ASKED, f"{image.reference} names no registry: it is another one in each region")
    fact = digest_of(tag, deadline)
    if isinstance(fact, Unknown):
        return Pinned(name, Outcome.UNKNOWN, f"{fact.reason} → {fact.way_out}")
    if image.digest is None:
        return Pinned(name, Outcome.FOUND, f"{image.reference} is {fact.value}", fact.value)
    if image.digest == fact.value:
        return Pinned(name, Outcome.UNCHANGED, f"{image.reference} is {fact.value}")
    moved = f"{image.reference} is {fact.value} now, and stays pinned to {image.digest}"
    return Pinned(name, Outcome.MOVED, f"{moved} → if it should move, set its `{_COLUMN}: null`, and ask again")


def filled(text: str, digests: Mapping[str, str]) -> str:
    """The text of versions.yaml with these digests in place of null, and nothing else changed.

    Raises:
        UserError: a row has no `digest: null` to be filled.
    """
    section = _entry(yaml.compose(text, Loader=yaml.SafeLoader), _SECTION)
    # From the last to the first: an edit moves only what comes after it.
    spots = sorted(((_spot(section, name), digest) for name, digest in digests.items()), reverse=True)
    edited = text
    for (start, end), digest in spots:
        edited = f'{edited[:start]}"{digest}"{edited[end:]}'
    _verify(text, edited, digests)
    return edited


def _entry(node: yaml.Node | None, key: str) -> yaml.Node | None:
    entries = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in entries if name.value == key), None)


def _spot(section: yaml.Node | None, name: str) -> tuple[int, int]:
    node = _entry(_entry(section, name), _COLUMN)
    if not isinstance(node, yaml.ScalarNode) or node.end_mark.index == node.start_mark.index:
        raise fail(f"catalog/{FILE}: {_SECTION}.{name}", f"has no `{_COLUMN}: null` to be filled", "write it there")
    return node.start_mark.index, node.end_mark.index


def _verify(text: str, edited: str, digests: Mapping[str, str]) -> None:
    # Through JSON, so that two rows that are one by an alias are two.
    wanted = json.loads(json.dumps(yaml.safe_load(text)))
    for name, digest in digests.items():
        wanted[_SECTION][name][_COLUMN] = digest
    if yaml.safe_load(edited) != wanted:
        way_out = "write the digests by hand: " + ", ".join(f"{name} {digest}" for name, digest in digests.items())
        raise fail(str(catalog_path(FILE)), "cannot be edited in place: something else would change", way_out)
