"""Runs share a process that has their libraries loaded, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from aigc.config.stacks import PROJECT_ROOT
from scripts.engine import runner
from scripts.engine.warm import KEPT_PROCESSES, WarmProcesses, library_imports
from tests.pure.engine.conftest import RunProgram

PROGRAM = """\
import json
import pulumi
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    Namespace,
)
from aigc.clouds.registry import adapter_for

def late():
    import pulumi_random
"""
ASKER = """\
import sys, time
from scripts.engine.warm import WarmProcesses
processes = WarmProcesses()
processes.run((), {"environment": {}}, 5)
(process,) = processes._kept.values()
print(process._process.pid, process._folder.name, flush=True)
time.sleep(60)
"""


def test_what_is_loaded_is_what_the_program_imports_of_others(tmp_path: Path) -> None:
    for path, text in {
        "__main__.py": PROGRAM,
        "aigc/__init__.py": "",
        "aigc/clouds/aws/network.py": "from pulumi_aws.ec2 import Vpc\nfrom aigc.tokens import Component\n",
        "aigc/clouds/gcp/network.py": "from pulumi_gcp.compute import Network\n",
        "policy_pack/__main__.py": "import pulumi_policy\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    base = ("import pulumi", "from pulumi_kubernetes.core.v1 import (\n    ConfigMap,\n    Namespace,\n)")
    assert library_imports(tmp_path, None) == base
    assert library_imports(tmp_path, "aws") == (*base, "from pulumi_aws.ec2 import Vpc")


def test_a_run_leaves_nothing_to_the_next_one(run_program: RunProgram) -> None:
    leave = 'import sys, os; pulumi.export("found", [hasattr(pulumi, "left"), os.environ.get("LEFT"), len(sys.argv)])\n'
    first = run_program(leave + 'pulumi.left = 1; os.environ["LEFT"] = "1"; sys.argv.append("left")')
    assert run_program(leave).outputs == first.outputs == {"found": [False, None, 1]}


def test_a_run_has_the_environment_of_now(run_program: RunProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    program = 'import os; pulumi.export("home", os.environ["HOME"])'
    run_program(program)
    monkeypatch.setenv("HOME", "/another")
    assert run_program(program).outputs == {"home": "/another"}


def test_a_program_that_does_not_end_is_ended(run_program: RunProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "TIMEOUT_SECONDS", 3)
    with pytest.raises(UserError, match="did not end within 3 s"):
        run_program("while True: pass")


def test_a_program_that_breaks_off_is_told_with_its_last_words(run_program: RunProgram) -> None:
    with pytest.raises(UserError, match="ended without an answer: its last words"):
        run_program('import os, sys; print("its last words", file=sys.stderr, flush=True); os._exit(3)')


def test_the_oldest_process_ends_when_there_are_too_many() -> None:
    processes = WarmProcesses()
    try:
        for number in range(KEPT_PROCESSES + 1):
            processes.run((f"number = {number}",), {"environment": dict(os.environ)}, 5)
        assert [imports for (imports,) in processes._kept] == [f"number = {n}" for n in range(1, KEPT_PROCESSES + 1)]
    finally:
        processes.end()


def test_a_process_ends_with_the_one_that_started_it() -> None:
    asker = subprocess.Popen([sys.executable, "-c", ASKER], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True)
    with asker:
        assert asker.stdout is not None
        warm, folder = asker.stdout.readline().split()
        asker.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{warm}/cmdline").exists() and Path(f"/proc/{warm}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.1)
    assert not Path(folder).exists()
