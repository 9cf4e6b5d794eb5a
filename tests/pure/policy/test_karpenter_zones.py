"""Zones of Karpenter's pools, as far as a stack says: what they ask for, and where their class finds a subnet."""

from __future__ import annotations

from typing import Any

import pytest

from aigc.policy.view import NotKnown, ResourceView
from tests.pure.policy.test_rules import broken, kind, view

RULE = "production-has-zones"


def pool(*zones: Any, **more: list[str]) -> ResourceView:
    """A pool that asks for zones; `more` are further requirements on them, by their operator."""
    asked = [("In", list(zones))] if zones else []
    wanted = [
        {"key": "topology.kubernetes.io/zone", "operator": operator, "values": values}
        for operator, values in (*asked, *more.items())
    ]
    spec = {"requirements": wanted, "nodeClassRef": {"name": "l4"}}
    return kind("NodePool", "pool", "karpenter.sh/v1", spec={"template": {"spec": spec}})


def node_class(*terms: dict[str, Any]) -> ResourceView:
    spec = {"subnetSelectorTerms": list(terms)}
    return kind("EC2NodeClass", "class", "karpenter.k8s.aws/v1", metadata={"name": "l4"}, spec=spec)


def subnet(zone: Any, **tags: str) -> ResourceView:
    return view("aws:ec2/subnet:Subnet", f"subnet-{zone}", {"availabilityZone": zone, "tags": {"found": "yes"} | tags})


FINDS = node_class({"tags": {"found": "yes"}})


@pytest.mark.parametrize(
    "resources",
    [
        [pool("a", "b")],
        [pool("a", "b"), FINDS, subnet("a"), subnet("b"), subnet("c")],
        [pool(), FINDS, subnet("a"), subnet("b")],
        [pool(NotIn=["a"]), FINDS, subnet("a"), subnet("b"), subnet("c")],
        # What only the cloud knows breaks nothing.
        [pool()],
        [pool(), node_class({"id": "subnet-1"})],
        [pool(NotKnown())],
        [pool("a", "b"), FINDS, subnet(NotKnown())],
        [pool(), node_class({"tags": {"found": "elsewhere"}}), subnet("a")],
    ],
)
def test_in_zones_it_is_fine(resources: list[ResourceView]) -> None:
    assert RULE not in broken(*resources, name="some-prod")


@pytest.mark.parametrize(
    "resources",
    [
        [pool("a")],
        [pool("a", "a")],
        [pool("a", "b", NotIn=["b"])],
        [pool(NotIn=["a"]), FINDS, subnet("a"), subnet("b")],
        [pool(), FINDS, subnet("a")],
        [pool(), node_class({"tags": {"found": "*", "private": "1"}}), subnet("a", private="1"), subnet("b")],
        # It asks for two, and there is a subnet in one of them.
        [pool("a", "b"), FINDS, subnet("b"), subnet("c")],
    ],
)
def test_in_one_zone_it_is_not_for_production(resources: list[ResourceView]) -> None:
    assert broken(*resources, name="some-prod")[RULE] == ["pool"]
    assert RULE not in broken(*resources)


def fixed_in(zone: str) -> ResourceView:
    spec = pool(zone).inputs["spec"]["template"]["spec"]
    template = {"metadata": {"labels": {"aigc/pool": "platform"}}, "spec": spec}
    return kind("NodePool", f"pool-{zone}", "karpenter.sh/v1", spec={"template": template, "replicas": 1})


def test_a_pool_that_is_a_node_pool_for_each_zone_spans_them_all() -> None:
    first, second = (fixed_in(zone) for zone in ("us-east-1a", "us-east-1b"))
    both, one = (broken(*pools, name="some-prod") for pools in ((first, second), (first,)))
    assert RULE not in both
    assert one[RULE] == ["pool-us-east-1a"]
