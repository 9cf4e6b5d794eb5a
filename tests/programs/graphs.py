"""The real program, run offline for every stack there is; each graph is made once in a run of the tests."""

from __future__ import annotations

import fcntl
import os
import shutil
from functools import cache
from pathlib import Path

from aigc.config.stacks import PROJECT_ROOT, stack_names
from scripts.engine.api import preview_graph
from scripts.engine.graph import Graph

STACKS = list(stack_names())
RUN = "PYTEST_XDIST_TESTRUNUID"
"""The same in every worker of a run, and another one in the next."""
SHARED = Path(PROJECT_ROOT, "build", "test-graphs")


@cache
def graph_of(stack: str) -> Graph:
    """The graph of a stack; one of the workers makes it, which takes up to 10 s, and the others read it."""
    run = os.environ.get(RUN)
    if run is None:
        return preview_graph(stack, PROJECT_ROOT)
    folder = _folder(run)
    with (folder / f"{stack}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = folder / f"{stack}.json"
        if kept.exists():
            return Graph.from_json(kept.read_text())
        graph = preview_graph(stack, PROJECT_ROOT)
        kept.write_text(graph.to_json())
        return graph


def _folder(run: str) -> Path:
    """This run's own, made by whoever comes first, who also removes those of runs before it."""
    folder = SHARED / run
    SHARED.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError:
        return folder
    for old in SHARED.iterdir():
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return folder
