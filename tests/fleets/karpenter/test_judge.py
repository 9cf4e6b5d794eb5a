"""Nodes and pods that are otherwise than the plan says are not let through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aigc.plan.stack_plan import StackPlan
from tests.fleets.karpenter.judge import Moment, objections
from tests.fleets.karpenter.sight import NOT_RUNNING, MadeNode, Sight, sight_of

TAINT = ("nvidia.com/gpu", "present", "NoSchedule")
LABELS = {
    "aigc/pool": "l4-spot",
    "aigc/capacity": "spot",
    "k8s.amazonaws.com/accelerator": "nvidia-l4",
    "node.kubernetes.io/instance-type": "g6.2xlarge",
    "karpenter.sh/capacity-type": "spot",
    "topology.kubernetes.io/zone": "us-east-1a",
}
NODE = MadeNode("made", "l4-spot", LABELS, (TAINT,), 1)


def nodes(number: int) -> tuple[MadeNode, ...]:
    return tuple(replace(NODE, name=f"made-{index}") for index in range(number))


def test_what_the_plan_says_is_let_through(dev: StackPlan, prod: StackPlan) -> None:
    assert objections(dev, Moment.FLOOR, Sight({"gpt": {}}, ())) == []
    assert objections(dev, Moment.MOST, Sight({"gpt": {"l4-spot": 2}}, nodes(2))) == []
    assert objections(dev, Moment.IDLE, Sight({"gpt": {}}, ())) == []
    assert objections(prod, Moment.FLOOR, Sight({"gpt": {"l4-floor": 3}}, ())) == []
    assert objections(prod, Moment.MOST, Sight({"gpt": {"l4-floor": 3, "l4-spot": 6}}, nodes(6))) == []
    assert objections(prod, Moment.IDLE, Sight({"gpt": {"l4-floor": 1, "l4-spot": 2}}, nodes(2))) == []


@pytest.mark.parametrize(
    ("placed", "made", "words"),
    [
        ({"l4-floor": 3, "l4-spot": 5}, 5, "gpt: 8 pods, the plan says 9"),
        ({"l4-floor": 3, "l4-spot": 5, "platform": 1}, 5, "gpt: pods on platform, the plan says l4-floor, l4-spot"),
        ({"l4-floor": 3, "l4-spot": 5, NOT_RUNNING: 1}, 5, "gpt: 1 pods do not run"),
        ({"l4-floor": 2, "l4-spot": 7}, 6, "gpt: 2 pods on l4-floor, which has room for 3 of them"),
        ({"l4-floor": 3, "l4-spot": 6}, 7, "pool l4-spot: 7 nodes, the plan says 6 at most"),
    ],
)
def test_pods_elsewhere_are_named(prod: StackPlan, placed: dict[str, int], made: int, words: str) -> None:
    found = objections(prod, Moment.MOST, Sight({"gpt": placed}, nodes(made)))
    assert any(one.startswith(f"at the most, {words}") for one in found), found


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (replace(NODE, pool="l4-floor"), "l4-floor is no pool that Karpenter makes nodes for"),
        (replace(NODE, pods=0), "no pod is on it"),
        (replace(NODE, taints=()), "taints ()"),
        (replace(NODE, labels=LABELS | {"aigc/pool": "other"}), "without the labels aigc/pool=l4-spot"),
        (replace(NODE, labels=LABELS | {"node.kubernetes.io/instance-type": "g6.xlarge"}), "machine type g6.xlarge"),
        (replace(NODE, labels=LABELS | {"karpenter.sh/capacity-type": "on-demand"}), "capacity on-demand, pool l4-sp"),
        (replace(NODE, labels=LABELS | {"topology.kubernetes.io/zone": "us-east-1d"}), "zone us-east-1d"),
    ],
)
def test_a_node_that_is_not_its_pools_is_named(dev: StackPlan, node: MadeNode, words: str) -> None:
    (found,) = objections(dev, Moment.MOST, Sight({"gpt": {"l4-spot": 2}}, (node,)))
    assert found.startswith(f"at the most, node made: {words}"), found


def node_body(name: str, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": labels}, "spec": {}}


def pod_body(node_name: str | None, phase: str = "Running", **metadata: str) -> dict[str, Any]:
    spec = {"nodeName": node_name} if node_name else {}
    return {
        "metadata": {"labels": {"aigc/endpoint": "gpt"}, **metadata},
        "spec": spec,
        "status": {"phase": phase},
    }


def test_pods_are_counted_by_the_pool_of_their_node(prod: StackPlan) -> None:
    made = node_body("made", **{"karpenter.sh/nodepool": "l4-spot"})
    pods = [
        pod_body("made"),
        pod_body("made", deletionTimestamp="2026-11-29T00:00:00Z"),
        pod_body("there"),
        pod_body("there", phase="Pending"),
        pod_body(None, phase="Pending"),
    ]
    sight = sight_of(prod, [made, node_body("there", **{"aigc/pool": "l4-floor"})], pods)
    assert sight.placed == {"gpt": {"l4-spot": 1, "l4-floor": 1, NOT_RUNNING: 2}}
    assert [(one.name, one.pool, one.pods) for one in sight.made] == [("made", "l4-spot", 1)]
