"""Runs the parts of the soak on this machine and records each: `make soak`, or one with `make soak PART=cycles`.

    python -m tests.soak [cycles|volume|faults ..] [--amount N]

A part takes its full amount unless another is given: 10 times down and up, 100,000 requests, all faults 3 times.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from tests.faults.up import must_come_up
from tests.soak import cycles, repeated_faults, volume
from tests.soak.record import WANTED, objections, write

PARTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "cycles": cycles.run,
    "volume": volume.run,
    "faults": repeated_faults.run,
}


def main() -> int:
    """Run what was asked for; 1 when a record that it wrote does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Repetition and volume, recorded.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one or more of: {', '.join(PARTS)}; all without")
    parser.add_argument("--amount", type=int, help="rounds or requests in place of the full amount")
    given = parser.parse_args()
    if unknown := [part for part in given.parts if part not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; name one of {', '.join(PARTS)}")
    if given.amount is not None and given.amount < 1:
        parser.error(f"--amount is {given.amount}; give 1 or more")
    found: list[str] = []
    for part in given.parts or PARTS:
        ((name, full),) = WANTED[part].items()
        amount = given.amount or full
        command = f"python -m tests.soak {part}" + (f" --amount {amount}" if amount != full else "")
        if part != "cycles":
            must_come_up()
        path = write(part, command, {name: amount}, PARTS[part](amount))
        sys.stderr.write(f"{path}\n")
        found += objections(part)
    sys.stderr.write("".join(f"✗ {words}\n" for words in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
