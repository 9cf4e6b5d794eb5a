"""The served stack: `make up` runs once, everything here asks what it made; `make down` is tested last."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.cache import KUBECONFIG, STATE_DIR
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import plan_of
from scripts.local.cluster_api import residue
from scripts.local.workloads import Workloads
from scripts.model.client import GatewayEndpoint, Generation, Protocol, infer_text
from scripts.stacks import LOCAL_STACK
from tests.soak.snapshot import Facts, snapshot

ROOT = Path(__file__).resolve().parents[2]
UP_TIMEOUT_SECONDS = 3000


def run(command: list[str], timeout_seconds: float = 300) -> subprocess.CompletedProcess[str]:
    """Run to the end; one that does not end fails with the last it said, which tells what it waited for."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            out, err = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            process.terminate()
            out, err = process.communicate(timeout=60)
            pytest.fail(f"{' '.join(command)} did not end within {timeout_seconds} s:\n{out[-1000:]}\n{err[-3000:]}")
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def make(target: str, timeout_seconds: float = UP_TIMEOUT_SECONDS) -> subprocess.CompletedProcess[str]:
    return run(["make", target], timeout_seconds)


def scripts_json(*arguments: str, timeout_seconds: float = UP_TIMEOUT_SECONDS) -> Any:
    done = run([".venv/bin/python", "-m", "scripts", *arguments, "--format", "json"], timeout_seconds)
    assert done.stdout, f"exit {done.returncode}: {done.stderr}"
    return json.loads(done.stdout)


def eventually(question: Callable[[], bool], seconds: float, what: str, pause_seconds: float = 0.5) -> float:
    """Seconds until the answer was yes; fails with `what` when it never was."""
    started = time.monotonic()
    last: Exception | None = None
    while time.monotonic() - started < seconds:
        try:
            if question():
                return time.monotonic() - started
        except Exception as error:
            last = error
        time.sleep(pause_seconds)
    pytest.fail(f"{what}: not within {seconds} s; last error: {last!r}")


@pytest.fixture(scope="session")
def first_up() -> subprocess.CompletedProcess[str]:
    done = make("up")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done


@pytest.fixture(scope="session")
def host_while_down() -> Facts:
    """The host without a cluster, looked at once; whoever asks first finds the cluster gone."""
    down = make("down")
    assert down.returncode == 0, down.stdout + down.stderr
    assert residue() == []
    assert not STATE_DIR.exists()
    return snapshot()


@pytest.fixture(scope="session")
def plan() -> StackPlan:
    return plan_of(LOCAL_STACK)


@pytest.fixture
def workloads(first_up: subprocess.CompletedProcess[str]) -> Workloads:
    return Workloads.connect_patiently(KUBECONFIG)


@pytest.fixture
def ask(workloads: Workloads, plan: StackPlan) -> Callable[..., Generation]:
    return asker(workloads, plan)


def asker(workloads: Workloads, plan: StackPlan) -> Callable[..., Generation]:
    """A function that sends one request through the gateway, as a user of a model would."""
    address = workloads.gateway_address()
    hosts = {endpoint.models[0]: endpoint.host for endpoint in plan.endpoints}

    def send(
        text: str, model: str = "gpt", protocol: Protocol = Protocol.GRPC, tokens: int = 16, **keywords: Any
    ) -> Generation:
        return infer_text(GatewayEndpoint(hosts[model], address), model, text, tokens, protocol, **keywords)

    return send
