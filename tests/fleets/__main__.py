"""Plays stacks on simulated fleets of their own pools' nodes, and reports where their pods were.

    python -m tests.fleets STACK [STACK ..] [--whole] [--patience SECONDS] [--format text|json]

Exits with 1 when something is otherwise than the plan says, with 2 when a stack cannot be played.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from aigc.catalog.faults import UserError
from scripts.console import EXIT_BAD_INPUT, EXIT_FINE, EXIT_NO, print_faults
from tests.fleets.play import PATIENCE_SECONDS
from tests.fleets.report import lines
from tests.fleets.stage import PlayEndedError, make_ready, must_be_playable, play, stacks_with_pools


def main(arguments: list[str] | None = None) -> int:
    """Play the stacks that were named, one after the other."""
    given = _parser().parse_args(arguments)
    try:
        must_be_playable(given.stacks)
        make_ready()
    except UserError as error:
        print_faults(error.faults)
        return EXIT_BAD_INPUT
    fine, seen = True, []
    for stack in given.stacks:
        with tempfile.TemporaryDirectory(prefix="aigc-rendered-") as folder:
            try:
                one = play(stack, Path(folder), patience_seconds=given.patience, whole=given.whole)
            except PlayEndedError as error:
                sys.stderr.write(f"✗ {error}\n")
                fine = False
                continue
        fine = fine and not one["objections"]
        seen.append(one)
        if given.format == "text":
            sys.stdout.write("".join(f"{line}\n" for line in lines(one)))
            sys.stdout.flush()
    if given.format == "json":
        sys.stdout.write(json.dumps(seen, indent=1, ensure_ascii=False) + "\n")
    return EXIT_FINE if fine else EXIT_NO


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fleets",
        description="Plays stacks on simulated fleets of their own pools' nodes, and reports where their pods were.",
        epilog="Exits with 1 when something is otherwise than the plan says, with 2 when a stack cannot be played.",
    )
    known = ", ".join(stacks_with_pools())
    parser.add_argument("stacks", nargs="+", metavar="STACK", help=f"one or more of: {known}")
    parser.add_argument("--whole", action="store_true", help="keep idle replicas for as long as the stack says")
    parser.add_argument(
        "--patience",
        type=_seconds,
        default=PATIENCE_SECONDS,
        metavar="SECONDS",
        help="for each scene (default %(default).0f); a slow machine needs more",
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds; give one above 0, for instance 60")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
