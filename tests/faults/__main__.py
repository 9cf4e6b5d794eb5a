"""Causes faults on the running local cluster, one after the other under one load, and prints what came of each.

python -m tests.faults [NAME..]        names as they are printed; a part of a name is enough
"""

from __future__ import annotations

import json
import sys
import time

from tests.faults.fault import inject
from tests.faults.library import FAULTS, KILLS, kills_unnamed
from tests.faults.scene import Scene
from tests.faults.traffic import Traffic


def main(names: list[str]) -> int:
    """Run those that match; 1 when one did not heal as it should."""
    chosen = [fault for fault in FAULTS if not names or any(name in fault.name for name in names)]
    scene, broken, since = Scene.watched(), 0, time.time()
    with Traffic(scene.targets()) as traffic:
        for number, fault in enumerate(chosen, 1):
            outcome = inject(fault, scene, traffic)
            broken += bool(outcome.broken)
            sys.stdout.write(json.dumps(outcome.document()) + "\n")
            sys.stdout.flush()
            if fault in KILLS and not any(later in KILLS for later in chosen[number:]):
                missing = kills_unnamed([fault.name for fault in chosen], scene, since)
                broken += len(missing)
                sys.stdout.writelines(json.dumps({"alerts": words}) + "\n" for words in missing)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
