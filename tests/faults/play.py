"""Faults caused one after the other under one load."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tests.faults.fault import Fault, Outcome, inject
from tests.faults.library import KILLS, kills_unnamed
from tests.faults.scene import Scene
from tests.faults.traffic import Traffic


def play(faults: Sequence[Fault], tell: Callable[[Outcome], None]) -> list[str]:
    """What did not heal as it should or was named by no alert, in words; `tell` hears what came of each at once."""
    scene, objections, since = Scene.watched(), list[str](), time.time()
    kills = [fault.name for fault in faults if fault in KILLS]
    with Traffic(scene.targets()) as traffic:
        for fault in faults:
            outcome = inject(fault, scene, traffic)
            tell(outcome)
            objections += [f"{fault.name}: {words}" for words in outcome.broken]
            # Before what follows them: a new Prometheus would remember no alert.
            if kills and fault.name == kills[-1]:
                objections += kills_unnamed(kills, scene, since)
    return objections
