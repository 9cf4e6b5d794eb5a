"""Golden plans are the same bytes in two runs: from two working directories, with two orders of what has none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from aigc.config.stacks import PROJECT_ROOT, stack_names

HERE = Path(__file__).parent
PRINT_ALL = """
import sys
from aigc.config.stacks import stack_names
from aigc.plan.text import render_text
from aigc.plan.validation import plan_of
for name in stack_names():
    sys.stdout.write(render_text(plan_of(name)))
"""


def plans(folder: Path, seed: str) -> bytes:
    """Every plan, one after the other, from a process that starts in `folder`; strings hash by `seed` there."""
    path = os.pathsep.join([str(PROJECT_ROOT), str(PROJECT_ROOT / "infra")])
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
    command = [sys.executable, "-c", PRINT_ALL]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True).stdout


def test_two_runs_from_two_folders_are_the_reviewed_bytes(tmp_path: Path) -> None:
    reviewed = b"".join((HERE / f"{name}.txt").read_bytes() for name in stack_names())
    assert reviewed
    assert plans(PROJECT_ROOT, "1") == reviewed
    assert plans(tmp_path, "2") == reviewed
