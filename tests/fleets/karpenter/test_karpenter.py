"""Karpenter itself makes the nodes of the AWS stacks: of their pools' machines, and none that nobody needs."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.fleets.karpenter.judge import Moment
from tests.fleets.karpenter.stage import make_ready, play
from tests.fleets.karpenter.variants import aws_stacks

pytestmark = pytest.mark.cluster
STACKS = aws_stacks()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Future[dict[str, Any]]]:
    """Two stacks at a time: most of a play is waiting for what is empty to go."""
    make_ready()
    with ThreadPoolExecutor(2) as pool:
        return {stack: pool.submit(play, stack, tmp_path_factory.mktemp(stack)) for stack in STACKS}


@pytest.mark.parametrize("stack", STACKS)
def test_nodes_come_for_pods_and_go_without_them(stack: str, played: dict[str, Future[dict[str, Any]]]) -> None:
    seen = played[stack].result()
    assert seen["objections"] == [], seen
    made = {moment: sum(seen[moment]["made"].values()) for moment in Moment}
    assert made[Moment.FLOOR] == 0, seen
    assert made[Moment.MOST] > made[Moment.IDLE], seen
