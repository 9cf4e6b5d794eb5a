"""`preview` of every stack where there is no network at all: it needs no credentials, no Pulumi and nobody's answer."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aigc.config.stacks import PROJECT_ROOT
from tests.programs.graphs import STACKS, graph_of

pytestmark = pytest.mark.whole
UNSHARE = ["unshare", "--net", "--map-root-user"]


def without_network(*command: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "AIGC_CACHE_DIR", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [*UNSHARE, *command], cwd=PROJECT_ROOT, env=kept, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module", autouse=True)
def _can_cut_the_network() -> None:
    if without_network("true").returncode != 0:
        pytest.skip("this host lets nobody make a network namespace")


def test_there_is_no_network_in_there() -> None:
    listed = without_network(sys.executable, "-c", "import socket; print([name for _, name in socket.if_nameindex()])")
    assert "eth" not in listed.stdout and listed.returncode == 0
    refused = without_network(
        sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)"
    )
    assert refused.returncode != 0


def test_every_stack_is_previewed_and_two_runs_make_the_same_bytes(tmp_path: Path) -> None:
    out = tmp_path / "preview.json"
    command = (sys.executable, "-m", "scripts", "preview", "--format", "json", "--out", str(out))
    done = without_network(*command)
    assert done.returncode == 0, done.stderr + done.stdout
    stacks = {stack["stack"]: stack for stack in json.loads(out.read_text())["stacks"]}
    assert sorted(stacks) == STACKS
    # The other run has a network.
    other = {stack: hashlib.sha256(graph_of(stack).to_json().encode()).hexdigest() for stack in STACKS}
    assert {name: stack["graph_sha256"] for name, stack in stacks.items()} == other
    assert all(stack["counts"]["resources"] > 10 and stack["placement"] for stack in stacks.values())
