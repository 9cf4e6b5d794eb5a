"""The graph of another commit, so that a preview can say what a change does to a stack."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from functools import partial
from pathlib import Path

from aigc.catalog.faults import Fault, UserError, fail
from scripts.engine.config import load_project
from scripts.engine.graph import Graph, make_graph
from scripts.engine.runner import run_stack, run_stacks


def graphs_of_commit(reference: str, stacks: list[str], root: Path) -> dict[str, Graph]:
    """Graphs of the stacks as they were at `reference`; a stack that did not exist has an empty one."""
    with tempfile.TemporaryDirectory(prefix="aigc-base-") as folder:
        tree = Path(folder)
        _extract(reference, root, tree)
        return run_stacks(stacks, partial(_graph, reference, tree))


def _extract(reference: str, root: Path, tree: Path) -> None:
    """Unpack the commit: `git archive` leaves the repository and its work tree untouched."""
    done = subprocess.run(
        ["git", "-C", str(root), "archive", "--format=tar", reference], capture_output=True, check=False
    )
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise fail(
            f"--base {reference}", reason[-1] if reason else "git knows no such commit", "name a branch, tag or commit"
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(tree, filter="data")


def _graph(reference: str, tree: Path, stack: str) -> Graph:
    if not (tree / "Pulumi.yaml").exists():
        return make_graph("", stack, (), {})
    project = load_project(tree)
    if not project.stack_file(stack).exists():
        return make_graph(project.name, stack, (), {})
    try:
        return run_stack(stack, tree, project=project)
    except UserError as error:
        faults = (Fault(f"--base {reference}: {fault.where}", fault.problem, fault.way_out) for fault in error.faults)
        raise UserError(faults) from None
