"""All faults, several times over, under one load a round."""

from __future__ import annotations

import sys
import time
from typing import Any

from tests.faults.fault import inject
from tests.faults.library import FAULTS, KILLS, kills_unnamed
from tests.faults.scene import Scene
from tests.faults.traffic import Traffic


def run(rounds: int) -> dict[str, Any]:
    """What came of each fault each time."""
    objections: list[str] = []
    outcomes: dict[str, list[dict[str, Any]]] = {fault.name: [] for fault in FAULTS}
    for number in range(1, rounds + 1):
        scene, since = Scene.watched(), time.time()
        with Traffic(scene.targets()) as traffic:
            for fault in FAULTS:
                outcome = inject(fault, scene, traffic)
                objections += [f"round {number}, {fault.name}: {words}" for words in outcome.broken]
                kept = {name: value for name, value in outcome.document().items() if name not in ("fault", "reasons")}
                outcomes[fault.name].append(kept)
                sys.stderr.write(f"round {number}, {fault.name}: {outcome.sound_again_seconds} s {outcome.broken}\n")
                if fault is KILLS[-1]:
                    missing = kills_unnamed([kill.name for kill in KILLS], scene, since)
                    objections += [f"round {number}, {words}" for words in missing]
    return {"objections": objections, "outcomes": outcomes}
