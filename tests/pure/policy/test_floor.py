"""Production stands on machines that stay: spot alone is refused, spot above a floor is not."""

from __future__ import annotations

from typing import Any

import pytest

from aigc.policy.view import ResourceView
from tests.pure.policy.test_rules import aks_pool, autoscaler, broken, eks_group, endpoint, gke_pool, karpenter_pool

RULE = "production-has-a-floor"
ZONES = ["1", "2"]


def labelled(name: str, capacity: str) -> dict[str, str]:
    return {"aigc/pool": name, "aigc/capacity": capacity}


def aks(name: str, capacity: str) -> ResourceView:
    return aks_pool(nodeLabels=labelled(name, capacity), availabilityZones=ZONES)


def above(*pools: str) -> ResourceView:
    expression = {"key": "aigc/pool", "operator": "In", "values": list(pools)}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    return endpoint(nodeSelector={}, affinity=affinity)


def gke(capacity: str) -> ResourceView:
    config = {**gke_pool().inputs["nodeConfig"], "labels": labelled("l4", capacity)}
    return gke_pool(nodeConfig=config)


def karpenter(capacity: str) -> ResourceView:
    pool = karpenter_pool()
    spec = pool.inputs["spec"]
    template = {**spec["template"], "metadata": {"labels": labelled("l4", capacity)}}
    made: dict[str, Any] = {**pool.inputs, "spec": {**spec, "template": template}}
    return ResourceView(pool.urn, pool.type, pool.name, made, pool.provider, pool.parent_type)


@pytest.mark.parametrize(
    "resources",
    [
        [aks("l4", "spot"), endpoint()],
        [aks("l4", "spot"), aks("more", "spot"), above("l4", "more")],
        [gke("spot"), endpoint()],
        [gke("flex_start"), endpoint()],
        [eks_group(labels=labelled("l4", "spot")), autoscaler(), endpoint()],
        [karpenter("spot"), autoscaler(), endpoint()],
    ],
)
def test_spot_alone_is_no_production(resources: list[ResourceView]) -> None:
    assert RULE in broken(*resources, name="some-prod")
    assert RULE not in broken(*resources, name="some-dev")


@pytest.mark.parametrize(
    "resources",
    [
        [aks("l4", "on_demand"), endpoint()],
        [aks("l4", "reserved"), endpoint()],
        [aks("l4", "on_demand"), aks("more", "spot"), above("l4", "more")],
        [gke("on_demand"), endpoint()],
        [aks("l4", "spot"), endpoint(nodeSelector={})],
    ],
)
def test_what_stays_is_a_floor(resources: list[ResourceView]) -> None:
    assert RULE not in broken(*resources, name="some-prod")
