"""What a play saw, for a person: expected against placed, what stood in, and what simulation never proves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NOT_PROVEN = "images, drivers, device plugins, bandwidth, and what a cloud's own autoscaler decides"
_LONGEST_WAITS = 4
"""Pods that wait, each in a line of its own; of more, how many."""


def lines(seen: Mapping[str, Any]) -> Iterator[str]:
    """The report on one stack, from what `play` printed."""
    yield f"Stack {seen['stack']}: {_verdict(seen['objections'])}"
    for scene in seen["scenes"]:
        yield ""
        yield f"  {scene['scene']} ({seen['seconds'][scene['scene']]:.0f} s)"
        yield from _rows("endpoint", scene["placed"], scene["expected"])
        yield from _rows("stand-in", scene["stand_ins"], scene["stand_ins_expected"])
        waits = scene["waits"]
        yield from (f"    {words}" for words in waits[:_LONGEST_WAITS])
        if len(waits) > _LONGEST_WAITS:
            yield f"    and {len(waits) - _LONGEST_WAITS} more wait"
        yield from (f"    ✗ {words}" for words in scene["objections"])
    yield ""
    yield "  not as it was rendered"
    yield from (f"    {one['of']}: {one['what']}" for one in seen["differences"])
    yield f"  never proven by simulation: {NOT_PROVEN}"


def _verdict(objections: list[str]) -> str:
    return f"{len(objections)} things are otherwise than planned" if objections else "every pod is where the plan says"


def _rows(
    what: str, placed: Mapping[str, Mapping[str, int]], expected: Mapping[str, Mapping[str, int]]
) -> Iterator[str]:
    for name, here in placed.items():
        yield f"    {what} {name:<24} expected {_places(expected[name])}; placed {_places(here)}"


def _places(placed: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {where}" for where, number in sorted(placed.items())) or "none"
