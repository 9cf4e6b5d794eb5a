"""How every verb speaks: results on standard output, progress on standard error, faults the same way everywhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TextIO

from rich.console import Console

from aigc.catalog.faults import Fault

EXIT_FINE = 0
EXIT_NO = 1
EXIT_BAD_INPUT = 2

WIDTH_WITHOUT_TERMINAL = 140
"""Rich would cut tables at 80 columns in a file or a pipe."""


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() else WIDTH_WITHOUT_TERMINAL
    return Console(stderr=stream is sys.stderr, highlight=False, soft_wrap=True, width=width)


out = _console(sys.stdout)
err = _console(sys.stderr)


class OutputFormat(StrEnum):
    """For a person or for a program."""

    TEXT = "text"
    JSON = "json"


def print_json(value: Any) -> None:
    """Print a JSON document and nothing else, so that another program can read it."""
    out.print(json.dumps(value, indent=2, sort_keys=True, default=str), markup=False)


def print_faults(faults: Iterable[Fault], output_format: OutputFormat = OutputFormat.TEXT) -> None:
    """Print every fault with its place, reason and way out: text to standard error, JSON to standard output."""
    faults = list(faults)
    if output_format is OutputFormat.JSON:
        print_json({"faults": [vars(fault) for fault in faults]})
        return
    for fault in faults:
        _print_fault(fault, "✗", "bold red")


def print_warnings(warnings: Iterable[Fault]) -> None:
    """Print what is allowed and may be wrong all the same, to standard error."""
    for warning in warnings:
        _print_fault(warning, "!", "bold yellow")


def _print_fault(fault: Fault, mark: str, style: str) -> None:
    err.print(f"{mark} {fault.where}", style=style, markup=False)
    err.print(f"    {fault.problem}", markup=False)
    err.print(f"    → {fault.way_out}", style="cyan", markup=False)
