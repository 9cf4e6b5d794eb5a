"""A fault by its path in `aigc:stack`, before it is known which file (or Pulumi configuration) the value came from."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from aigc.catalog.faults import Fault

ROOT = "aigc:stack"
SECRETS = "aigc:secrets"
ALERT_WEBHOOK = "alert_webhook_url"
"""Key below `aigc:secrets`."""
SET_ALERT_WEBHOOK = f"pulumi config set --secret --path '{SECRETS}.{ALERT_WEBHOOK}' https://..."
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong at one path."""

    path: Path
    problem: str
    way_out: str

    def fault(self, prefix: str = "", root: str = ROOT) -> Fault:
        """The same as a Fault; `prefix` names the file and line."""
        return Fault(prefix + dotted(self.path, root), self.problem, self.way_out)


def dotted(path: Path, root: str = ROOT) -> str:
    """`aigc:stack.models.gpt.accelerators[0]`; with an empty root `models.gpt.accelerators[0]`."""
    text = root
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{printable(part)}"
    return text.removeprefix(".") or "the file"


def printable(value: object, limit: int = 60) -> str:
    """A value of the user's for a message: without control characters and not a page long."""
    text = str(value)
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_of(known: Iterable[str]) -> str:
    """`a, b or c`."""
    names = list(known)
    if len(names) < 2:
        return names[0] if names else "nothing"
    return f"{', '.join(names[:-1])} or {names[-1]}"


def did_you_mean(given: str, known: Iterable[str], what: str = "known") -> str:
    """The nearest known word first, then all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(given.lower(), names, n=1, cutoff=0.6)
    listed = one_of(names[:40]) + (f" and {len(names) - 40} more" if len(names) > 40 else "")
    return (f"did you mean {near[0]}? " if near else "") + f"{what}: {listed}"
