"""Every stack on the nodes that its pools would make: the real scheduler puts each pod where the plan says."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from aigc.config.stacks import PROJECT_ROOT
from scripts.engine.api import render_stack
from scripts.local.supply.api import ensure_host_tools
from scripts.local.supply.go_build import ensure_group
from scripts.progress import Progress
from tests.fleets.kwok import ensure_kwok
from tests.fleets.namespaces import run_inside
from tests.fleets.test_nodes import WITH_POOLS

pytestmark = pytest.mark.cluster
SECONDS = 600


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Future[dict[str, Any]]]:
    """Four stacks at a time: each waits for most of its two minutes."""
    progress = Progress(quiet=True)
    # In a fleet's namespaces there is no network to get them by.
    ensure_host_tools(progress)
    ensure_group("knative", progress)
    ensure_kwok()
    folder = tmp_path_factory.mktemp("rendered")
    for stack in WITH_POOLS:
        render_stack(stack, PROJECT_ROOT, folder / stack)
    with ThreadPoolExecutor(4) as pool:
        return {stack: pool.submit(play, stack, folder / stack) for stack in WITH_POOLS}


def play(stack: str, folder: Path) -> dict[str, Any]:
    done = run_inside("tests.fleets.play", [stack, str(folder)], SECONDS)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.mark.parametrize("stack", WITH_POOLS)
def test_every_pod_lands_on_the_pool_that_the_plan_names(stack: str, played: dict[str, Future[dict[str, Any]]]) -> None:
    seen = played[stack].result()
    assert seen["objections"] == [], seen
