"""Progress of long work, and the record of what took how long that `up` prints at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from scripts.console import err


class Outcome(StrEnum):
    """What a step turned out to be."""

    DONE = "done"
    BUILT = "built"
    CACHED = "cached"
    UNCHANGED = "unchanged"


@dataclass
class Step:
    """One named piece of work; set `outcome` and `detail` while it runs."""

    name: str
    outcome: Outcome = Outcome.DONE
    detail: str = ""
    seconds: float = 0.0


@dataclass
class Progress:
    """Announces steps on standard error and keeps their durations."""

    quiet: bool = False
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Run one step: prints its start, and its outcome and seconds at the end; a failure is printed and raised."""
        step = Step(name)
        started = time.monotonic()
        self._say(f"· {name} …")
        try:
            yield step
        except BaseException:
            self._say(f"✗ {name} ({time.monotonic() - started:.1f} s)", style="red")
            raise
        step.seconds = time.monotonic() - started
        self.steps.append(step)
        detail = f": {step.detail}" if step.detail else ""
        self._say(f"✓ {name} [{step.outcome}{detail}] {step.seconds:.1f} s", style="green")

    def note(self, text: str) -> None:
        """A line of news inside a step."""
        self._say(f"    {text}")

    def _say(self, text: str, style: str | None = None) -> None:
        if not self.quiet:
            err.print(text, style=style, markup=False)
