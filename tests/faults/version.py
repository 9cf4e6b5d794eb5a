"""A version that cannot start: the old one goes on, `up` fails with the cause in words, and a good `up` mends it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import yaml

from aigc.config.stacks import PROJECT_ROOT
from tests.faults.alarm import of_container
from tests.faults.fault import Fault
from tests.faults.scene import Scene
from tests.faults.up import must_come_up, run_up

DAMAGE = "the weights of this version are damaged"
DEADLINE_SECONDS = 40
"""In place of ten minutes: Triton fails within 3 s, and its second and third start come 10 s and 20 s later."""
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "build", ".*_cache", "__pycache__", "*.egg-info")


def crash_looping_version() -> Fault:
    """Both endpoints get it in one `up`: the one that scales to zero, and the steady one."""
    words = r"models/gpt: Revision .* failed with message"
    # Either: a start that fails lives for about 4 s, is scraped every 5 s, and two starts must have been seen.
    alarm = of_container("models/(gpt|gpt-handbook)", "triton")
    return Fault("a version that crash-loops", _apply, words, undo=_mend, alarm=alarm)


def _apply(scene: Scene) -> None:
    with tempfile.TemporaryDirectory(prefix="aigc-broken-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(PROJECT_ROOT, tree, symlinks=True, ignore=NOT_COPIED)
        break_models(tree)
        done = run_up(tree)
    assert done.returncode != 0, f"`up` of a version that cannot start ended with 0:\n{done.stdout[-2000:]}"
    for words in (DAMAGE, "exit code 1", "container triton", "gpt-handbook"):
        assert words in done.stderr, f"`up` does not say {words!r}:\n{done.stderr[-3000:]}"
    assert "Traceback" not in done.stderr.replace("|", ""), done.stderr[-3000:]


def break_models(tree: Path) -> None:
    """Have every served model fail as it is loaded, and its deadline pass soon."""
    for model in ("gpt", "gpt_handbook"):
        code = tree / "model_repository" / model / "1" / "model.py"
        broken = code.read_text() + f'\nraise RuntimeError("{DAMAGE}")\n'
        code.unlink()
        code.write_text(broken)
    file = tree / "stacks" / "Pulumi.local.yaml"
    stack = yaml.safe_load(file.read_text())
    for asked in stack["config"]["aigc:stack"]["models"].values():
        asked.setdefault("scaling", {})["progress_deadline_seconds"] = DEADLINE_SECONDS
    file.write_text(yaml.safe_dump(stack))


def _mend(scene: Scene) -> None:
    must_come_up()
