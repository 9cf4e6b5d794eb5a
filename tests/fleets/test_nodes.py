"""Nodes of every stack's pools take the pods that the plan puts there: by labels, taints, devices and size."""

from __future__ import annotations

import pytest

from aigc.plan.room import requests_of_pod
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import plan_of
from tests.fleets.nodes import node
from tests.fleets.stage import stacks_with_pools


@pytest.fixture(params=stacks_with_pools(), scope="module")
def plan(request: pytest.FixtureRequest) -> StackPlan:
    return plan_of(str(request.param))


def test_every_endpoint_finds_its_pools_nodes(plan: StackPlan) -> None:
    pools = {pool.name: pool for pool in plan.pools}
    for endpoint in plan.endpoints:
        assert endpoint.pools, f"{endpoint.name}: no pool"
        for name in endpoint.pools:
            made = node(plan, pools[name], 0)
            assert endpoint.node_selector.items() <= made["metadata"]["labels"].items(), (endpoint.name, name)
            taints = {(one["key"], one["value"], one["effect"]) for one in made["spec"]["taints"]}
            assert taints <= {(one.key, one.value, one.effect) for one in endpoint.tolerations}, (endpoint.name, name)
            size, wanted = made["status"]["allocatable"], endpoint.resources
            cpu_millicores, memory_mib = requests_of_pod(endpoint)
            assert int(size["cpu"].removesuffix("m")) >= cpu_millicores
            assert int(size["memory"].removesuffix("Mi")) >= memory_mib
            if wanted.resource_key:
                assert int(size[wanted.resource_key]) >= wanted.accelerators


def test_zones_take_turns(plan: StackPlan) -> None:
    for pool in plan.pools:
        zones = pool.zones or plan.cluster.zones
        found = {
            node(plan, pool, index)["metadata"]["labels"].get("topology.kubernetes.io/zone")
            for index in range(len(zones))
        }
        assert len(found) == len(set(zones)), pool.name
