"""All faults, several times over, under one load a round."""

from __future__ import annotations

import sys
from typing import Any

from tests.faults.fault import Outcome
from tests.faults.library import FAULTS
from tests.faults.play import play


def run(rounds: int) -> dict[str, Any]:
    """What came of each fault each time."""
    objections: list[str] = []
    outcomes: dict[str, list[dict[str, Any]]] = {fault.name: [] for fault in FAULTS}

    def tell(outcome: Outcome) -> None:
        kept = outcome.document()
        name = kept.pop("fault")
        kept.pop("reasons")
        outcomes[name].append(kept)
        sys.stderr.write(f"{name}: {outcome.sound_again_seconds} s {outcome.broken}\n")

    for number in range(1, rounds + 1):
        sys.stderr.write(f"round {number} of {rounds}\n")
        objections += [f"round {number}, {words}" for words in play(FAULTS, tell)]
    return {"objections": objections, "outcomes": outcomes}
