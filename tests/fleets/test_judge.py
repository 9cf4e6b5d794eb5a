"""A fleet that shows something else than the plan says is not let through."""

from __future__ import annotations

import pytest

from aigc.plan.validation import plan_of
from tests.fleets.judge import Placed, objections

PROD, DEV = plan_of("aws-prod"), plan_of("aws-dev")
FLOOR = {"gpt": {"l4-floor": 3}}
MOST = {"gpt": {"l4-floor": 3, "l4-spot": 6}}


def test_what_the_plan_says_is_let_through() -> None:
    assert objections(PROD, FLOOR, MOST, {}) == []
    assert objections(DEV, {"gpt": {}}, {"gpt": {"l4-spot": 2}}, {"gpt": {}}) == []


@pytest.mark.parametrize(
    ("floor", "most", "words"),
    [
        ({}, MOST, "at the floor: 0 pods, the plan says 3"),
        ({"gpt": {"l4-floor": 2, "waiting": 1}}, MOST, "at the floor: 1 pods wait"),
        ({"gpt": {"l4-floor": 2, "platform": 1}}, MOST, "at the floor: pods on platform"),
        (FLOOR, {"gpt": {"l4-floor": 3, "l4-spot": 5}}, "at the most: 8 pods, the plan says 9"),
        (FLOOR, {"gpt": {"l4-floor": 3, "l4-spot": 5, "waiting": 1}}, "at the most: 1 pods wait"),
        (FLOOR, {"gpt": {"l4-floor": 2, "l4-spot": 7}}, "2 pods on l4-floor, which has room for 3"),
    ],
)
def test_what_is_otherwise_is_named(floor: Placed, most: Placed, words: str) -> None:
    assert any(words in one for one in objections(PROD, floor, most, {})), objections(PROD, floor, most, {})


def test_pods_may_wait_where_no_node_is_kept_and_not_when_traffic_is_over() -> None:
    there = {"gpt": {"l4-spot": 2}}
    (left,) = objections(DEV, {"gpt": {}}, there, {"gpt": {"l4-spot": 1}})
    assert "when idle again: 1 pods, the plan says 0" in left
