"""A fleet that shows something else than the plan says is not let through."""

from __future__ import annotations

import pytest

from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import plan_of
from tests.fleets.footprints import Footprint
from tests.fleets.judge import budget_objections, lost, objections, scaler_objections, stand_in_objections
from tests.fleets.scenes import Placed, Scene, expected, scenes

PROD, DEV = plan_of("aws-prod"), plan_of("aws-dev")
PLUGIN = Footprint("plugin", "accelerators", ({"cpu": "50m"},), pods=0, on_nodes_with="nvidia.com/gpu")
OPERATOR = Footprint("operator", "keda", ({"cpu": "100m"},), pods=2)


def before(plan: StackPlan, name: str) -> tuple[Scene, Placed]:
    """A scene, and where pods should be before it."""
    should: Placed = {}
    for scene in scenes(plan):
        if scene.name == name:
            return scene, should
        should = expected(plan, scene, should)
    raise AssertionError(f"{plan.stack} has no scene {name}")


@pytest.mark.parametrize("plan", [PROD, DEV], ids=lambda plan: plan.stack)
def test_what_the_plan_says_is_let_through(plan: StackPlan) -> None:
    for one in scenes(plan):
        scene, should = before(plan, one.name)
        assert objections(plan, scene, should, expected(plan, scene, should)) == []


@pytest.mark.parametrize(
    ("name", "seen", "words"),
    [
        ("at the floor", {}, "0 pods, the plan says 3"),
        ("at the floor", {"l4-floor": 2, "waiting": 1}, "1 pods wait for l4-floor, else l4-spot, the plan says 0"),
        ("at the floor", {"l4-floor": 2, "platform": 1}, "pods on platform, the plan says l4-floor, l4-spot"),
        ("without l4-floor", {"l4-spot": 5, "waiting": 4}, "4 pods wait for l4-floor, else l4-spot, the plan says 3"),
        ("without l4-floor", {"l4-spot": 9}, "0 pods wait for l4-floor, else l4-spot, the plan says 3"),
        ("at the most", {"l4-floor": 3, "l4-spot": 5}, "8 pods, the plan says 9"),
        ("at the most", {"l4-floor": 2, "l4-spot": 7}, "2 pods on l4-floor, which has room for 3"),
        ("after a spot wave", {"l4-floor": 2, "waiting": 7}, "7 pods wait for l4-floor, else l4-spot, the plan says 6"),
        ("after a spot wave", {"l4-floor": 3}, "3 pods, the plan says 9"),
        ("when spot is back", {"l4-floor": 3, "waiting": 6}, "6 pods wait for l4-floor, else l4-spot, the plan says 0"),
    ],
)
def test_what_is_otherwise_is_named(name: str, seen: dict[str, int], words: str) -> None:
    found = objections(PROD, *before(PROD, name), {"gpt": seen})
    assert any(words in one and one.startswith(f"{name}, gpt: ") for one in found), found


def test_a_replica_that_stays_when_traffic_is_over_is_named() -> None:
    (left,) = objections(DEV, *before(DEV, "when idle again"), {"gpt": {"l4-spot": 1}})
    assert left == "when idle again, gpt: 1 pods, the plan says 0"


def test_the_platform_has_all_its_pods_and_each_node_with_the_resource_one_plugin() -> None:
    scene, _ = before(PROD, "after a spot wave")
    right: Placed = {"plugin": {"l4-floor": 3}, "operator": {"platform": 2}}
    assert stand_in_objections(PROD, scene, [PLUGIN, OPERATOR], right) == []
    wrong: dict[str, dict[str, int]] = {"plugin": {"l4-floor": 2}, "operator": {"platform": 1, "waiting": 1}}
    assert stand_in_objections(PROD, scene, [PLUGIN, OPERATOR], wrong) == [
        "after a spot wave, plugin: 2 on l4-floor, the plan says 3 on l4-floor",
        "after a spot wave, operator: 1 on platform, 1 on waiting, the plan says 2 on platform",
    ]
    assert stand_in_objections(PROD, scene, [OPERATOR], {"operator": {"l4-floor": 2}})


def test_a_pod_whose_node_stayed_may_not_be_another_one_afterwards() -> None:
    pods = {"a": ("gpt-a", "l4-floor-0"), "b": ("gpt-b", "l4-spot-0")}
    assert lost(pods, {"a"}, {"l4-floor-0"}) == []
    assert lost(pods, {"c"}, {"l4-floor-0"}) == ["gpt-a on l4-floor-0 was to stay, and is gone"]


def test_a_budget_must_have_its_pods_and_must_have_been_counted() -> None:
    kept = {"metadata": {"name": "kept"}, "status": {"currentHealthy": 2, "desiredHealthy": 1}}
    short = {"metadata": {"name": "short"}, "status": {"currentHealthy": 0, "desiredHealthy": 1}}
    unseen = {"metadata": {"name": "unseen"}}
    assert budget_objections([kept]) == []
    found = budget_objections([kept, short, unseen])
    assert [one.partition(":")[0] for one in found] == ["PodDisruptionBudget short", "PodDisruptionBudget unseen"]


def scaled_object(**conditions: str) -> dict[str, object]:
    said = [{"type": name, "status": status, "message": f"{name} it is"} for name, status in conditions.items()]
    return {"metadata": {"name": "gpt"}, "status": {"conditions": said}}


@pytest.mark.parametrize(
    ("name", "scaler", "words"),
    [
        ("at the most", scaled_object(Ready="True", Fallback="False"), []),
        ("at the most", scaled_object(Ready="True"), []),
        ("at the most", scaled_object(Ready="True", Fallback="True"), ["gpt is Fallback: Fallback it is"]),
        ("at the most", scaled_object(Ready="False"), ["gpt is not Ready: Ready it is"]),
        ("at the most", {"metadata": {"name": "gpt"}}, ["gpt is not Ready: KEDA says nothing of it"]),
        ("when metrics vanish", scaled_object(Ready="True", Fallback="True"), []),
        ("when metrics vanish", scaled_object(Ready="True"), ["gpt is not Fallback: KEDA says nothing of it"]),
    ],
)
def test_keda_follows_every_scaled_object_and_falls_back_only_without_metrics(
    name: str, scaler: dict[str, object], words: list[str]
) -> None:
    scene, _ = before(PROD, name)
    assert scaler_objections(scene, [scaler]) == [f"ScaledObject {one}" for one in words]
