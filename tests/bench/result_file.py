"""The files that benches leave: what was measured, with the command, commit, day and machine that made it."""

from __future__ import annotations

import json
import os
import platform
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aigc.config.stacks import PROJECT_ROOT

RESULTS = Path(__file__).parent / "results"


def with_arguments(command: str, arguments: Sequence[str]) -> str:
    """The command that was given, but for the folder of its result."""
    kept = [*arguments]
    if "--out" in kept:
        at = kept.index("--out")
        del kept[at : at + 2]
    return shlex.join([*command.split(), *kept])


def made_by(command: str) -> dict[str, str]:
    """What every record of a measurement begins with."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    return {
        "command": command,
        "commit": commit.stdout.strip(),
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}",
    }


def write_result(name: str, command: str, measured: Mapping[str, Any], folder: Path = RESULTS) -> Path:
    """Write `results/<name>.json`, or into another folder."""
    result = {**made_by(command), **measured}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path
