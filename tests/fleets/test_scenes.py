"""Which scenes a stack has, and where its pods should be in each, follows from its plan."""

from __future__ import annotations

import pytest

from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import plan_of
from tests.fleets.scenes import Load, Placed, Scene, expected, replicas, scenes

PROD, DEV, SHARED, RACKS = plan_of("aws-prod"), plan_of("aws-dev"), plan_of("gcp-prod"), plan_of("onprem")


def told(plan: StackPlan) -> dict[str, Placed]:
    """Scene -> where pods should be in it, one after the other."""
    before: Placed = {}
    found: dict[str, Placed] = {}
    for scene in scenes(plan):
        before = found[scene.name] = expected(plan, scene, before)
    return found


def test_what_a_pool_has_no_room_for_falls_to_the_next_and_comes_back_only_as_new_pods() -> None:
    assert told(PROD) == {
        "at the floor": {"gpt": {"l4-floor": 3}},
        "without l4-floor": {"gpt": {"l4-spot": 6, "waiting": 3}},
        "at the most": {"gpt": {"l4-floor": 3, "l4-spot": 6}},
        "after a spot wave": {"gpt": {"l4-floor": 3, "waiting": 6}},
        "when spot is back": {"gpt": {"l4-floor": 3, "l4-spot": 6}},
        "when metrics vanish": {"gpt": {"l4-floor": 3, "l4-spot": 6}},
        "when idle again": {"gpt": {"l4-floor": 3}},
    }


def test_without_another_pool_they_wait_and_without_traffic_they_go() -> None:
    assert told(DEV) == {
        "at the floor": {"gpt": {}},
        "without l4-spot": {"gpt": {"waiting": 2}},
        "at the most": {"gpt": {"l4-spot": 2}},
        "after a spot wave": {"gpt": {"waiting": 2}},
        "when spot is back": {"gpt": {"l4-spot": 2}},
        "when idle again": {"gpt": {}},
    }
    assert told(SHARED)["without l4-floor, l4-shared"]["gpt-handbook"] == {"waiting": 6}
    assert told(SHARED)["after a spot wave"]["gpt-handbook"] == {"l4-shared": 6}


def test_a_stack_without_spot_has_no_wave_and_the_platform_keeps_its_nodes() -> None:
    assert not any("spot" in scene.name for scene in scenes(RACKS))
    for plan in (PROD, DEV, SHARED, RACKS):
        (platform,) = [pool for pool in plan.pools if not pool.taints]
        assert all(scene.nodes[platform.name] for scene in scenes(plan))


def test_pods_stay_on_a_second_pool_when_the_first_has_room_again() -> None:
    at_rest = Scene("again", {"platform": 3, "l4-floor": 3, "l4-spot": 6}, Load.REST)
    assert expected(PROD, at_rest, {"gpt": {"l4-spot": 2}})["gpt"] == {"l4-spot": 2, "l4-floor": 1}


@pytest.mark.parametrize(
    ("load", "steady", "follower"), [(Load.REST, 3, 0), (Load.MOST, 9, 2), (Load.UNSEEN, 9, 2), (Load.IDLE, 3, 0)]
)
def test_replicas_follow_the_load_and_hold_where_nobody_sees_it(load: Load, steady: int, follower: int) -> None:
    assert (replicas(PROD.endpoints[0], load), replicas(DEV.endpoints[0], load)) == (steady, follower)
