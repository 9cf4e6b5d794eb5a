"""Holds what the stacks send to their clouds against the clouds' own models.

    python -m tests.contracts [STACK ..] [--format text|json]

Exits with 1 when an API would refuse an argument, with 2 when there is no such stack.
"""

from __future__ import annotations

import argparse
import json
import sys

from tests.contracts.report import check_graph
from tests.programs.graphs import STACKS, graph_of


def main() -> int:
    """Report on the stacks that were named, or on all."""
    parser = argparse.ArgumentParser(prog="python -m tests.contracts", description="Cloud arguments, checked offline.")
    parser.add_argument("stacks", nargs="*", metavar="STACK", help=f"one or more of: {', '.join(STACKS)}; all without")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    given = parser.parse_args()
    if unknown := [stack for stack in given.stacks if stack not in STACKS]:
        parser.error(f"no such stack: {', '.join(unknown)}; name one of {', '.join(STACKS)}")
    reports = [check_graph(graph_of(stack)) for stack in given.stacks or STACKS]
    if given.format == "json":
        sys.stdout.write(json.dumps([report.to_json() for report in reports], indent=1, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for report in reports for line in report.lines()))
    return 1 if any(report.faults for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
