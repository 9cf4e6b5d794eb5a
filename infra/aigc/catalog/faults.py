"""One shape for everything a person has to mend, so that every fault names its place, its reason and its way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with what a person gave us."""

    where: str
    """A path inside a file, a file, a flag or a part of the host."""
    problem: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}. {self.way_out}"


class UserError(Exception):
    """Input that cannot be used: carries every fault found at once; commands print them and end with exit code 2."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def fail(where: str, problem: str, way_out: str) -> UserError:
    """The usual case of a single fault: `raise fail(...)`."""
    return UserError([Fault(where, problem, way_out)])
