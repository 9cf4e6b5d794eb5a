"""What the operator is told of Knative's own pods: a node that holds one of them can always be emptied."""

from __future__ import annotations

import pytest

from aigc.catalog.versions import component
from aigc.foundation.knative_operator import knative_serving_body
from tests.fleets.footprints import budgets, footprints
from tests.fleets.manifests import bodies_of
from tests.pure.program.plans import gcp_plan

GATEWAY_BUDGET = "3scale-kourier-gateway-pdb"
"""Of Kourier, which the operator brings; the manifest that is pinned here is Knative's alone."""


@pytest.mark.parametrize(("nodes", "replicas"), [(1, 1), (2, 2), (3, 2)])
def test_one_pod_of_each_part_of_knative_may_always_go(nodes: int, replicas: int) -> None:
    plan = gcp_plan()
    platform = next(pool for pool in plan.pools if not pool.taints)
    pools = tuple(pool.model_copy(update={"min_nodes": nodes}) if pool == platform else pool for pool in plan.pools)
    spec = knative_serving_body(plan.model_copy(update={"pools": pools}), "1.23.0")["spec"]
    assert spec["high-availability"] == {"replicas": replicas}
    budgets = {one["name"]: one["minAvailable"] for one in spec["podDisruptionBudgets"]}
    made = [one["metadata"]["name"] for one in bodies_of("knative-serving") if one["kind"] == "PodDisruptionBudget"]
    assert budgets == dict.fromkeys([*made, GATEWAY_BUDGET], replicas - 1)


@pytest.mark.parametrize("nodes", [1, 2])
def test_fleets_see_the_same(nodes: int) -> None:
    plan = gcp_plan()
    pools = tuple(pool if pool.taints else pool.model_copy(update={"min_nodes": nodes}) for pool in plan.pools)
    body = knative_serving_body(plan.model_copy(update={"pools": pools}), component("knative-serving").version)
    assert {one.pods for one in footprints(body)} == {nodes}
    assert {one["spec"]["minAvailable"] for one in budgets(body)} == {nodes - 1}
