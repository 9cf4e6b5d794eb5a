"""Running other programs so that a failure tells a person what ran, how it ended and what to do, never a traceback."""

from __future__ import annotations

import os
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from aigc.catalog.faults import UserError, fail
from scripts.progress import Progress

TAIL_LINES = 15
"""Lines of a failed program's output that are shown: a Go error with its package and two or three causes fits."""

NEWS_SECONDS = 20.0
"""How often a long program's progress is told: seldom enough for a log file, often enough not to look stuck."""


def run(
    command: Sequence[str | Path],
    where: str,
    way_out: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    accepted: Sequence[int] = (0,),
) -> str:
    """Run a short program and return what it printed; `where` and `way_out` go into the fault when it fails."""
    # In plain English: what apt prints is read by us, and its words follow the user's language.
    settings = {**(os.environ if env is None else env), "LC_ALL": "C.UTF-8"}
    arguments = [str(part) for part in command]
    try:
        done = subprocess.run(
            arguments, env=settings, cwd=cwd, capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError:
        raise fail(where, f"there is no program {command[0]} on this machine", way_out) from None
    if done.returncode not in accepted:
        raise failed(where, command, done.returncode, (done.stdout + done.stderr).splitlines(), way_out)
    return done.stdout


def run_long(
    command: Sequence[str | Path], where: str, way_out: str, progress: Progress, *, env: Mapping[str, str], cwd: Path
) -> None:
    """Run a program of minutes: count the packages it names on standard error and tell how far it is."""
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    packages, told = 0, time.monotonic()
    with subprocess.Popen(
        [str(part) for part in command], env=env, cwd=cwd, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        assert process.stderr is not None  # noqa: S101 - a pipe was asked for
        for line in process.stderr:
            if _is_package(line):
                packages += 1
            else:
                tail.append(line.rstrip())
            if time.monotonic() - told >= NEWS_SECONDS:
                told = time.monotonic()
                progress.note(f"{where}: {packages} packages compiled, now {line.strip()}")
    if process.returncode != 0:
        raise failed(where, command, process.returncode, list(tail), way_out)


def failed(where: str, command: Sequence[str | Path], code: int, lines: list[str], way_out: str) -> UserError:
    """The fault of a program that failed: its name, exit code and last lines."""
    shown = "\n      ".join(lines[-TAIL_LINES:]) or "(it printed nothing)"
    return fail(where, f"`{Path(command[0]).name} {command[1]}` ended with {code}:\n      {shown}", way_out)


def _is_package(line: str) -> bool:
    text = line.strip()
    return bool(text) and " " not in text and ":" not in text
