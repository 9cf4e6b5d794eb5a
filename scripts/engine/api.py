"""What the rest of `scripts` uses of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from scripts.engine.apply import ApplyReport, apply_graph_of, destroy_inventory
from scripts.engine.drift import Drift, DriftReport, drift_of
from scripts.engine.graph import Graph
from scripts.engine.render import render_graph
from scripts.engine.runner import run_stack, run_stacks
from scripts.progress import Progress

__all__ = [
    "ApplyReport",
    "Drift",
    "DriftReport",
    "Graph",
    "apply_stack",
    "destroy_stack",
    "drift_of_stack",
    "preview_graph",
    "preview_graphs",
    "render_stack",
]


def preview_graph(stack: str, root: Path) -> Graph:
    """What the program declares for a stack; needs no cluster, no cloud and no network."""
    return run_stack(stack, root)


def preview_graphs(stacks: Iterable[str], root: Path) -> dict[str, Graph]:
    """The same of several stacks, by name."""
    return run_stacks(stacks, partial(run_stack, root=root))


def render_stack(stack: str, root: Path, out_dir: Path) -> list[Path]:
    """Write every Kubernetes object of a stack as YAML, in apply order."""
    return render_graph(preview_graph(stack, root), out_dir)


def apply_stack(
    stack: str,
    root: Path,
    kubeconfig: Path,
    context: str | None,
    progress: Progress,
    *,
    adopt: bool = False,
    overrides: Mapping[str, str] | None = None,
) -> ApplyReport:
    """Make a cluster what the program says, wait until it is ready, remove what left the program.

    `overrides` are fields of `aigc:stack` that a command line sets in place of the stack file.
    """
    run = partial(run_stack, stack, root, overrides=overrides)
    return apply_graph_of(stack, run, kubeconfig, context, progress, adopt=adopt)


def drift_of_stack(
    stack: str, root: Path, kubeconfig: Path, context: str | None, *, overrides: Mapping[str, str] | None = None
) -> DriftReport:
    """What of a cluster is no longer as the program says; nothing is written."""
    return drift_of(stack, partial(run_stack, stack, root, overrides=overrides), kubeconfig, context)


def destroy_stack(stack: str, kubeconfig: Path, context: str | None, progress: Progress) -> int:
    """Delete every object of a stack in reverse order; returns how many."""
    return destroy_inventory(stack, kubeconfig, context, progress)
