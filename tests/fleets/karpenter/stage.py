"""What a play with Karpenter needs before it can begin, and the play itself, in namespaces of its own.

    python -m tests.fleets.karpenter.stage STACK [whole]

Prints what was seen as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from aigc.config.stacks import PROJECT_ROOT
from scripts.engine.config import load_project
from scripts.engine.render import render_graph
from scripts.engine.runner import run_stack
from tests.fleets.karpenter.controller import ensure_karpenter
from tests.fleets.karpenter.variants import with_karpenter
from tests.fleets.namespaces import run_inside
from tests.fleets.stage import make_ready as make_fleets_ready

SECONDS = 1200
"""The longest: a whole play keeps idle replicas for minutes, and then empty nodes."""


def make_ready() -> None:
    """Have every program in the cache: in a fleet's namespaces there is no network to get them by."""
    make_fleets_ready()
    ensure_karpenter()


def play(stack: str, folder: Path, *, whole: bool = False) -> dict[str, Any]:
    """Render a stack with Karpenter into an empty folder and play it; what it saw."""
    stack_file, differences = with_karpenter(stack, folder)
    project = replace(load_project(PROJECT_ROOT), stack_dir=folder)
    documents = folder / "rendered"
    render_graph(run_stack(stack, PROJECT_ROOT, project=project), documents)
    arguments = [str(stack_file), str(documents), *["whole"] * whole]
    done = run_inside("tests.fleets.karpenter.play", arguments, SECONDS)
    if done.returncode != 0:
        raise AssertionError(f"{stack}: the play ended with {done.returncode}\n{done.stderr}")
    seen: dict[str, Any] = json.loads(done.stdout)
    seen["differences"] = [*(asdict(one) for one in differences), *seen["differences"]]
    if seen["objections"]:
        seen["last_words"] = done.stderr
    return seen


if __name__ == "__main__":
    make_ready()
    with tempfile.TemporaryDirectory(prefix="aigc-rendered-") as directory:
        shown = play(sys.argv[1], Path(directory), whole="whole" in sys.argv[2:])
    sys.stdout.write(json.dumps(shown, indent=1, ensure_ascii=False) + "\n")
