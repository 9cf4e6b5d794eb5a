"""Causes faults on the running local cluster, one after the other under one load, and prints what came of each.

python -m tests.faults [NAME..]        names as they are printed; a part of a name is enough
"""

from __future__ import annotations

import json
import sys

from tests.faults.fault import Outcome
from tests.faults.library import FAULTS
from tests.faults.play import play


def main(names: list[str]) -> int:
    """Run those that match; 1 when one did not heal as it should."""
    objections = play([fault for fault in FAULTS if not names or any(name in fault.name for name in names)], tell)
    sys.stderr.writelines(f"✗ {words}\n" for words in objections)
    return 1 if objections else 0


def tell(outcome: Outcome) -> None:
    """A line of JSON."""
    sys.stdout.write(json.dumps(outcome.document()) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
