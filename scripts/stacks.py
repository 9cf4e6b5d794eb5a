"""What the verbs share about stacks: where the project is, what the local one is called, how others are run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from aigc.catalog.faults import fail

ROOT = Path(__file__).resolve().parent.parent
STACKS_DIR = ROOT / "stacks"
MODEL_REPOSITORY = ROOT / "model_repository"
LOCAL_STACK = "local"


def pulumi_command(verb: str, stack: str) -> int:
    """Run `pulumi VERB -s STACK` in the project and return its exit code.

    Raises:
        UserError: Pulumi is not on PATH.
    """
    if shutil.which("pulumi") is None:
        raise fail(
            f"stack {stack}",
            "only Pulumi can change a real cloud, and `pulumi` is not on PATH",
            f"install it as its site describes, log in to a backend, then run `pulumi {verb} -s {stack}` "
            f"or this command again; `python -m scripts preview {stack}` works without it",
        )
    return subprocess.run(["pulumi", verb, "--stack", stack], cwd=ROOT, check=False).returncode
