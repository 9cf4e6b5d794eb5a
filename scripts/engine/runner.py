"""Runs each stack in a process of its own in a clean environment; its answer becomes a graph or faults."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from aigc.catalog.faults import Fault, UserError, fail
from scripts.engine.config import STACK_KEY, Project, load_config, load_project
from scripts.engine.graph import Graph
from scripts.engine.warm import WarmProcesses, library_imports

TIMEOUT_SECONDS = 300
RUNS_AT_ONCE = 4
"""Two that run and, of a sorted list of stacks, two of the next cloud for which its SDK is loaded meanwhile."""
# Only what a process needs to start; a variable that reached the program could shape its graph, and the SDK itself
# takes provider defaults from KUBECONFIG, AWS_REGION, PULUMI_CONFIG and their like.
KEPT = ("HOME", "PATH", "AIGC_CACHE_DIR", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")


_PROCESSES = WarmProcesses()


def run_stack(
    stack: str,
    root: Path,
    live: Mapping[str, dict[str, Any]] | None = None,
    project: Project | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Graph:
    """The graph of one stack; `live` (objects by URN) means applying, None means a preview."""
    project = project or load_project(root)
    config = load_config(project, stack, overrides)
    request = {
        "project": project.name,
        "stack": stack,
        "root": str(project.root.resolve()),
        "main": str(project.main.resolve()),
        "config": config.values,
        "secret_keys": config.secret_keys,
        "live": live,
        "environment": clean_environment(os.environ),
    }
    answer = _run(request, library_imports(project.main, _cloud(config.values)), stack)
    if "error" in answer:
        raise _as_user_error(answer["error"], stack)
    return Graph.from_json(answer["graph"])


def run_stacks(stacks: Iterable[str], run: Callable[[str], Graph]) -> dict[str, Graph]:
    """Several at once, in the order asked for; the first that fails, in that order, is the one that is told."""
    names = list(stacks)
    with ThreadPoolExecutor(RUNS_AT_ONCE) as pool:
        return dict(zip(names, pool.map(run, names), strict=True))


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of the program's process."""
    kept = {name: environment[name] for name in KEPT if name in environment}
    return {**kept, "PULUMI_ERROR_OUTPUT_STRING": "true"}


def _cloud(config: Mapping[str, str]) -> str | None:
    """The cloud of the stack, where its configuration is sound enough to tell."""
    try:
        asked = yaml.safe_load(config.get(STACK_KEY, ""))
    except yaml.YAMLError:
        return None
    return str(asked["cloud"]) if isinstance(asked, dict) and "cloud" in asked else None


def _run(request: dict[str, Any], imports: tuple[str, ...], stack: str) -> dict[str, Any]:
    began = time.monotonic()
    answer, printed = _PROCESSES.run(imports, request, TIMEOUT_SECONDS)
    if answer is not None:
        return answer
    if time.monotonic() - began >= TIMEOUT_SECONDS:
        problem = f"the program did not end within {TIMEOUT_SECONDS} s"
        raise fail(f"stack {stack}", problem, "look for a wait or a look-up while the graph is made")
    last = " | ".join(printed.strip().splitlines()[-3:])
    raise fail(f"stack {stack}", f"the program's process ended without an answer: {last}", "see above")


def _as_user_error(error: dict[str, Any], stack: str) -> UserError:
    if error["faults"]:
        return UserError([Fault(**fault) for fault in error["faults"]])
    trace = "".join(f"\n      {line}" for line in error["trace"])
    return UserError([Fault(f"stack {stack}, {error['where']}", error["problem"] + trace, error["way_out"])])
