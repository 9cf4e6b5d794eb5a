"""NodePools are applied as they were rendered, but for what is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.foundation.karpenter import karpenter_pool_body, node_class_body
from aigc.plan.stack_plan import PoolPlan, StackPlan
from tests.fleets.karpenter.stand_ins import empty_seconds, simulated
from tests.fleets.karpenter.variants import aws_stacks, plan_of_file, with_karpenter


def pool_of(plan: StackPlan) -> PoolPlan:
    (pool,) = [one for one in plan.pools if one.karpenter]
    return pool


def bodies(plan: StackPlan) -> list[dict[str, Any]]:
    pool = pool_of(plan)
    return [{"release": {}}, node_class_body(plan, pool), karpenter_pool_body(pool)]


def test_only_the_node_class_is_another(dev: StackPlan) -> None:
    rendered = karpenter_pool_body(pool_of(dev))
    (kind, pool), differences = simulated(bodies(dev), hurry=False)
    assert (kind["apiVersion"], kind["kind"]) == ("karpenter.kwok.sh/v1alpha1", "KWOKNodeClass")
    reference = pool["spec"]["template"]["spec"].pop("nodeClassRef")
    assert reference == {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": kind["metadata"]["name"]}
    assert rendered["spec"]["template"]["spec"].pop("nodeClassRef")["kind"] == "EC2NodeClass"
    assert pool == rendered
    assert [one.of for one in differences] == ["EC2NodeClass l4-spot", "NodePool l4-spot"]


def test_in_a_hurry_empty_nodes_go_sooner_and_nothing_else_differs(dev: StackPlan) -> None:
    (_, pool), _ = simulated(bodies(dev), hurry=False)
    (_, hurried), differences = simulated(bodies(dev), hurry=True)
    assert (empty_seconds(pool), empty_seconds(hurried)) == (300, 15)
    assert differences[-1].what == "an empty node goes after 15 s and not 300: nobody waits for that here"
    del pool["spec"]["disruption"]["consolidateAfter"], hurried["spec"]["disruption"]["consolidateAfter"]
    assert pool == hurried


def test_a_pool_that_moves_pods_together_is_not_judged_by_empty_nodes(dev: StackPlan) -> None:
    pool = karpenter_pool_body(pool_of(dev))
    pool["spec"]["disruption"]["consolidationPolicy"] = "WhenEmptyOrUnderutilized"
    with pytest.raises(ValueError, match=r"NodePool l4-spot: .* is no time that empty nodes are kept"):
        empty_seconds(pool)


@pytest.mark.parametrize("stack", aws_stacks())
def test_a_stack_with_karpenter_is_sound_and_says_what_is_otherwise(stack: str, tmp_path: Path) -> None:
    path, differences = with_karpenter(stack, tmp_path)
    plan = plan_of_file(path)
    assert {pool.name for pool in plan.pools if pool.karpenter} == {"l4-spot"}
    assert [one.of for one in differences] == [f"stack {stack}", "pool platform"]
    assert differences[0].what == "has node_provisioning karpenter, not cluster_autoscaler"
