"""Causes faults on the running local cluster, one after the other under one load, and prints what came of each.

python -m tests.faults [NAME..]        names as they are printed; a part of a name is enough
"""

from __future__ import annotations

import json
import sys

from tests.faults.fault import inject
from tests.faults.library import FAULTS
from tests.faults.scene import Scene
from tests.faults.traffic import Traffic


def main(names: list[str]) -> int:
    """Run those that match; 1 when one did not heal as it should."""
    chosen = [fault for fault in FAULTS if not names or any(name in fault.name for name in names)]
    scene, broken = Scene.connect(), 0
    with Traffic(scene.targets()) as traffic:
        for fault in chosen:
            outcome = inject(fault, scene, traffic)
            broken += bool(outcome.broken)
            sys.stdout.write(json.dumps(outcome.document()) + "\n")
            sys.stdout.flush()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
