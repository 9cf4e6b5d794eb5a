"""`up` as a person runs it, from this tree or from a copy that differs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from aigc.config.stacks import PROJECT_ROOT

UP_SECONDS = 600


def run_up(tree: Path = PROJECT_ROOT) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    environment = {**os.environ, "PYTHONPATH": f"{tree / 'infra'}:{tree}"}
    command = [sys.executable, "-m", "scripts", "up"]
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, timeout=UP_SECONDS, check=False
    )


def must_come_up() -> str:
    """Run it, and expect an answer of the model; returns what it said on standard error."""
    done = run_up()
    assert done.returncode == 0, f"`up` ended with {done.returncode}: {done.stderr[-2000:]}"
    return done.stderr
