"""Finding the one route that Envoy refuses, so that all others go on.

Why: Envoy takes or refuses a route file as a whole. Our own checks should catch every fault before; this is the net
below them, because one Ingress of one team must never freeze the routing of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .objects import Route
from .routes import Identity


@dataclass(frozen=True)
class Admission:
    """The routes that Envoy took, and Envoy's words for each that it did not."""

    served: tuple[Route, ...]
    refused: dict[Identity, tuple[Route, str]] = field(default_factory=dict)


def admit(accepted: Sequence[Route], suspects: Sequence[Route], attempt: Callable[[Sequence[Route]], str]) -> Admission:
    """Try all; when refused, halve the suspects until each culprit stands alone (log2 attempts for one culprit)."""
    words = attempt([*accepted, *suspects])
    if not words:
        return Admission((*accepted, *suspects))
    if not suspects:
        # What was fine before is refused now: not a route's fault (another Envoy, another setting); say so aloud.
        raise RuntimeError(f"Envoy refuses routes that it took before: {words}")
    if len(suspects) == 1:
        return Admission(tuple(accepted), {suspects[0].identity: (suspects[0], words)})
    middle = len(suspects) // 2
    first = admit(accepted, suspects[:middle], attempt)
    second = admit(first.served, suspects[middle:], attempt)
    return Admission(second.served, {**first.refused, **second.refused})
