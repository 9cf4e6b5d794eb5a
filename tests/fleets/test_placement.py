"""Every stack on the nodes that its pools would make: the real scheduler puts each pod where the plan says."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from aigc.plan.validation import plan_of
from tests.fleets.scenes import Load, scenes
from tests.fleets.stage import make_ready, play, stacks_with_pools

pytestmark = pytest.mark.cluster
STACKS = stacks_with_pools()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Future[dict[str, Any]]]:
    """Three stacks at a time, first those that wait longest: for idle replicas to go, which takes no processor."""
    make_ready()
    folder = tmp_path_factory.mktemp("rendered")
    longest = sorted(STACKS, key=lambda stack: all(one.load is not Load.IDLE for one in scenes(plan_of(stack))))
    with ThreadPoolExecutor(3) as pool:
        return {stack: pool.submit(play, stack, folder / stack) for stack in longest}


@pytest.mark.parametrize("stack", STACKS)
def test_every_pod_lands_on_the_pool_that_the_plan_names(stack: str, played: dict[str, Future[dict[str, Any]]]) -> None:
    seen = played[stack].result()
    assert seen["objections"] == [], seen
    assert [one["scene"] for one in seen["scenes"]] == [one.name for one in scenes(plan_of(stack))]


@pytest.mark.parametrize("stack", STACKS)
def test_what_waits_says_for_which_pool(stack: str, played: dict[str, Future[dict[str, Any]]]) -> None:
    for scene in played[stack].result()["scenes"]:
        waiting = sum(here.get("waiting", 0) for here in scene["expected"].values())
        assert len(scene["waits"]) == waiting, scene
        assert all(" waits for " in words for words in scene["waits"]), scene
