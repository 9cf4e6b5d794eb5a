"""What a play needs before it can begin, and the play itself, in namespaces of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from aigc.catalog.faults import fail
from aigc.config.stacks import PROJECT_ROOT, stack_names, stack_path
from aigc.plan.validation import plan_of
from scripts.engine.api import render_stack
from scripts.local.supply.api import ensure_host_tools
from scripts.local.supply.go_build import ensure_group
from scripts.progress import Progress
from tests.fleets.controllers import GO_GROUPS
from tests.fleets.kwok import ensure_kwok
from tests.fleets.namespaces import run_inside
from tests.fleets.play import PATIENCE_SECONDS

_WHOLE_PLAY = 10
"""So many times that, for all that a play does."""
_KEPT_SECONDS = 600.0
"""More, where idle replicas are kept for as long as the stack says."""


class PlayEndedError(Exception):
    """A play came to no end of its own; its words are what it said last."""


def stacks_with_pools() -> list[str]:
    """Those that can be played: the local stack has one node, which is really there."""
    return [name for name in stack_names() if name != "local"]


def must_be_playable(stacks: list[str]) -> None:
    """Refuse what cannot be played.

    Raises:
        UserError: no such stack, one without pools, or a host on which namespaces cannot be made.
    """
    for stack in stacks:
        stack_path(stack)
        if not plan_of(stack).pools:
            words = f"name one of {', '.join(stacks_with_pools())}"
            raise fail(f"stack {stack}", "it has no pools, so there are no nodes to simulate", words)
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        raise fail("this host", "a fleet makes namespaces with `unshare`, as root", "run it as root, on Linux")


def make_ready() -> None:
    """Have every program in the cache: in a fleet's namespaces there is no network to get them by."""
    progress = Progress(quiet=True)
    ensure_host_tools(progress)
    for group in GO_GROUPS:
        ensure_group(group, progress)
    ensure_kwok()


def play(
    stack: str, folder: Path, *, patience_seconds: float = PATIENCE_SECONDS, whole: bool = False
) -> dict[str, Any]:
    """Render a stack into an empty folder and play it; what it saw.

    Raises:
        PlayEndedError: it failed, or took far too long.
    """
    render_stack(stack, PROJECT_ROOT, folder)
    arguments = [stack, str(folder), f"--patience={patience_seconds}", *["--whole"] * whole]
    seconds = _WHOLE_PLAY * patience_seconds + _KEPT_SECONDS * whole
    try:
        done = run_inside("tests.fleets.play", arguments, seconds)
    except subprocess.TimeoutExpired as error:
        raise PlayEndedError(f"{stack}: after {error.timeout:.0f} s still not played") from None
    if done.returncode != 0:
        raise PlayEndedError(f"{stack}: the play ended with {done.returncode}\n{done.stderr}")
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen
