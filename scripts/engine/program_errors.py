"""What went wrong in a program, told from the user's own files instead of from inside the SDK."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from scripts.engine.rules import ProgramError

LAST_FRAMES = 6
WAY_OUT = "mend the program, then run the same command again"


def explain(error: BaseException, root: Path) -> dict[str, Any]:
    """Where, what, the way out, and the frames that lie in the user's repository."""
    frames = _own_frames(error, root)
    place = f"{_relative(frames[-1].filename, root)}:{frames[-1].lineno}" if frames else "the program"
    if isinstance(error, SystemExit):
        problem = f"the program ended itself: {error.code}"
    elif isinstance(error, ProgramError):
        problem = str(error)
    else:
        problem = f"{type(error).__name__}: {error}".strip().removesuffix(":")
    trace = [f"{_relative(frame.filename, root)}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames]
    faults = [vars(fault) for fault in getattr(error, "faults", ())]
    return {"where": place, "problem": problem, "way_out": WAY_OUT, "trace": trace[-LAST_FRAMES:], "faults": faults}


def _own_frames(error: BaseException, root: Path) -> list[traceback.FrameSummary]:
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    for link in chain:
        frames = [frame for frame in traceback.extract_tb(link.__traceback__) if _is_own(frame.filename, root)]
        if frames:
            return frames
    return []


def _is_own(filename: str, root: Path) -> bool:
    path = Path(filename)
    if not path.is_relative_to(root):
        return False
    inside = path.relative_to(root).parts
    return "site-packages" not in inside and inside[:2] != ("scripts", "engine")


def _relative(filename: str, root: Path) -> str:
    path = Path(filename)
    return str(path.relative_to(root)) if path.is_relative_to(root) else filename
