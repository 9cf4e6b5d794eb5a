"""Starts one process per stack with a clean environment, and turns its answer into a graph or into faults."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigc.catalog.faults import Fault, UserError, fail
from scripts.engine.config import Project, load_config, load_project
from scripts.engine.graph import Graph

ENGINE_ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 300
# Only what a process needs to start; a variable that reached the program could shape its graph, and the SDK itself
# takes provider defaults from KUBECONFIG, AWS_REGION, PULUMI_CONFIG and their like.
KEPT = ("HOME", "PATH", "AIGC_CACHE_DIR", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")


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
        "engine_root": str(ENGINE_ROOT),
    }
    answer = _run_child(request, stack)
    if "error" in answer:
        raise _as_user_error(answer["error"], stack)
    return Graph.from_json(answer["graph"])


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of the program's process."""
    kept = {name: environment[name] for name in KEPT if name in environment}
    return {**kept, "PULUMI_ERROR_OUTPUT_STRING": "true"}


def _run_child(request: dict[str, Any], stack: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="aigc-engine-") as folder:
        path = Path(folder) / "answer.json"
        try:
            done = subprocess.run(
                [sys.executable, "-m", "scripts.engine.child"],
                input=json.dumps({**request, "answer": str(path)}),
                cwd=ENGINE_ROOT,
                env=clean_environment(os.environ),
                capture_output=True,
                text=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise fail(
                f"stack {stack}",
                f"the program did not end within {TIMEOUT_SECONDS} s",
                "look for a wait or a look-up while the graph is made",
            ) from None
        if not path.exists():
            last = " | ".join(done.stderr.strip().splitlines()[-3:])
            raise fail(
                f"stack {stack}", f"the program's process ended with code {done.returncode}: {last}", "see above"
            )
        answer: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return answer


def _as_user_error(error: dict[str, Any], stack: str) -> UserError:
    if error["faults"]:
        return UserError([Fault(**fault) for fault in error["faults"]])
    trace = "".join(f"\n      {line}" for line in error["trace"])
    return UserError([Fault(f"stack {stack}, {error['where']}", error["problem"] + trace, error["way_out"])])
