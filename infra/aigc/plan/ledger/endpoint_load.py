"""A load of a deployed endpoint beside what was predicted of it: what of both is kept, and how far they are apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from aigc.plan.ledger.serving_file import Loop, Positive

LATENCIES = ("p50_ms", "p99_ms")
QUANTITIES = ("requests_per_second", *LATENCIES)
"""Of a load, as measurements and predictions call them."""


class Basis(StrEnum):
    """What a prediction was made of."""

    STACK_FILE = "stack file"
    """What it says of one replica (`predicted`)."""
    BATCHES = "batches"
    """Times of batches of this model on this very processor, by simulation."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Predicted(_Part):
    """Of an endpoint under a load, before it was sent."""

    basis: Basis
    source: str
    """Which file, and of which day where it has one."""
    hardware: str | None
    """What the endpoint computes with; None where nobody says."""
    requests_per_second: Positive
    p50_ms: Positive | None = None
    """None where it is not predicted, as p99 is, or has no bound."""
    p99_ms: Positive | None = None
    without_bound: bool = False
    """More arrives than can be done: latencies grow for as long as the load lasts."""
    left_out: tuple[str, ...] = ()
    """What the endpoint has and the prediction does not know, and why a latency is missing."""


class NotPredicted(_Part):
    """Nothing is guessed."""

    reason: str
    """A sentence for a person, without its full stop."""
    hardware: str | None = None


@dataclass(frozen=True)
class EndpointLoad:
    """What one run measured, and what was predicted of it."""

    file: str
    model: str
    loop: Loop
    requests_per_second: float
    """Answers."""
    p50_ms: float | None
    """None where too few answers came, as p99 is."""
    p99_ms: float | None
    doubts: tuple[str, ...]
    """Why what was measured means less than it seems to."""
    predicted: Predicted | NotPredicted

    def error(self, quantity: str) -> float | None:
        """As a share of what was measured, above 0 where too much was predicted; None where one of both is missing."""
        measured = getattr(self, quantity)
        if isinstance(self.predicted, NotPredicted) or not measured:
            return None
        if self.predicted.without_bound and quantity in LATENCIES:
            return math.inf
        found = getattr(self.predicted, quantity)
        return None if found is None else found / measured - 1

    @property
    def errors(self) -> dict[str, float | None]:
        """Those that are numbers, by quantity; JSON has no infinity, so what has no bound is None."""
        found = ((quantity, self.error(quantity)) for quantity in QUANTITIES)
        return {quantity: error if error is not None and math.isfinite(error) else None for quantity, error in found}

    def error_words(self, quantity: str) -> str:
        """With its sign; empty where there is none."""
        error = self.error(quantity)
        if error is None:
            return ""
        return f"{error:+.0%}" if math.isfinite(error) else "no bound"
