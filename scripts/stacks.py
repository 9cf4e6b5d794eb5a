"""What the verbs share about stacks: what the local one is called, and how others are run."""

from __future__ import annotations

import shutil
import subprocess

from aigc.catalog.faults import fail
from aigc.config.stacks import PROJECT_ROOT, stack_path

LOCAL_STACK = "local"


def pulumi_command(verb: str, stack: str) -> int:
    """Run `pulumi VERB -s STACK` in the project and return its exit code.

    Raises:
        UserError: there is no such stack, or Pulumi is not on PATH.
    """
    stack_path(stack)
    if shutil.which("pulumi") is None:
        raise fail(
            f"stack {stack}",
            "only Pulumi can change a real cloud, and `pulumi` is not on PATH",
            f"install it as its site describes, log in to a backend, then run `pulumi {verb} -s {stack}` "
            f"or this command again; `python -m scripts preview {stack}` works without it",
        )
    return subprocess.run(["pulumi", verb, "--stack", stack], cwd=PROJECT_ROOT, check=False).returncode
