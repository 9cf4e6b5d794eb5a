"""Runs a request of the engine in a fork of this process, where the SDK is imported already: 0.1 s instead of 1 s."""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pulumi_kubernetes

from scripts.engine.child import run_program
from scripts.engine.runner import clean_environment

PRELOADED = (pulumi_kubernetes.core.v1.Namespace, pulumi_kubernetes.helm.v3.Release, pulumi_kubernetes.yaml.v2)
"""Modules load lazily: something of theirs must be named here for them to be loaded before the fork."""
LIMIT_SECONDS = 60
"""After it the fork tells where it is and ends; the tests' programs take a second."""


def run_forked(request: dict[str, Any], stack: str) -> dict[str, Any]:
    """The same answer as the engine's own process gives."""
    with tempfile.TemporaryDirectory() as folder:
        path, trace = Path(folder) / "answer.json", Path(folder) / "trace"
        gc.freeze()  # else the fork's first collection goes through, and copies, all that this process has loaded
        process = os.fork()
        if process == 0:
            _answer(json.loads(json.dumps(request)), path, trace)
        _, status = os.waitpid(process, 0)
        assert status == 0, f"the program's process of stack {stack} ended with {status}:\n{trace.read_text()}"
        answer: dict[str, Any] = json.loads(path.read_text())
        return answer


def _answer(request: dict[str, Any], path: Path, trace: Path) -> None:
    """In the fork: never returns."""
    code = 1
    try:
        with trace.open("w") as file:
            faulthandler.dump_traceback_later(LIMIT_SECONDS, exit=True, file=file)
            environment = clean_environment(os.environ)
            os.environ.clear()
            os.environ.update(environment)
            sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - the process ends below
            path.write_text(json.dumps(run_program(request)))
        code = 0
    finally:
        os._exit(code)
