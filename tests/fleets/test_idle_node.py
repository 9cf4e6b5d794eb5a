"""What a stack for development runs while nobody asks it fits on the one node that stays, and leaves the cloud half."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aigc.catalog.labels import NODE_AUTOSCALER
from aigc.catalog.versions import component
from aigc.config.stacks import stack_names
from aigc.foundation.knative_operator import COMPONENT as KNATIVE_OPERATOR
from aigc.foundation.knative_operator import knative_serving_body
from aigc.foundation.node_autoscaler import chart_values
from aigc.plan.room import room_of_node
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import plan_of
from tests.fleets.footprints import Footprint, footprints

DEV = [name for name in stack_names() if name.endswith("-dev")]
OPERATOR_VERSION = "1.23.0"
BY_THE_OPERATOR = (
    Footprint("knative-operator", "knative-operator", ({"cpu": "100m", "memory": "100Mi"},)),
    Footprint("operator-webhook", "knative-operator", ({"cpu": "100m", "memory": "100Mi"},)),
    Footprint("net-kourier-controller", "knative-serving", ({"cpu": "200m", "memory": "200Mi"},)),
    Footprint("3scale-kourier-gateway", "kourier-system", ({"cpu": "200m", "memory": "200Mi"},)),
    Footprint("autoscaler-hpa", "knative-serving", ({"cpu": "30m", "memory": "40Mi"},)),
    # After an install or an upgrade, and then no more.
    Footprint("storage-version-migration", "knative-serving", ({"cpu": "100m", "memory": "100Mi"},)),
    Footprint("cleanup", "knative-serving", ({"cpu": "100m", "memory": "100Mi"},)),
)
"""Its chart's own requests, and those of what it brings beside the manifest of Knative that is pinned here
(knative/operator@b4f2c254, config/charts/knative-operator/values.yaml, cmd/operator/kodata/ingress/1.23/kourier,
cmd/operator/kodata/knative-serving/1.23.0)."""


@pytest.mark.parametrize("stack", DEV)
def test_all_that_runs_idle_takes_half_of_the_node_at_most(stack: str) -> None:
    plan = plan_of(stack)
    (pool,) = [pool for pool in plan.pools if pool.min_nodes]
    cpu_millicores, memory_mib = room_of_node(plan, pool)
    assert cpu_millicores and memory_mib
    pods = list(_idle(plan))
    assert {"activator", "3scale-kourier-gateway"} <= {one.name for one in pods}
    assert _millicores(pods) <= cpu_millicores / 2
    assert _mib(pods) <= memory_mib / 2


def test_its_numbers_are_of_the_version_that_is_installed() -> None:
    assert component(KNATIVE_OPERATOR).version == OPERATOR_VERSION


def _idle(plan: StackPlan) -> Iterator[Footprint]:
    (operator,) = [one for one in plan.components if one.name == KNATIVE_OPERATOR]
    yield from footprints(knative_serving_body(plan, operator.version))
    yield from BY_THE_OPERATOR
    for one in plan.components:
        if one.name == NODE_AUTOSCALER:
            values = chart_values(plan)
            yield from footprints({"release": {"name": one.name, "namespace": one.namespace, "values": values}})


def _millicores(pods: list[Footprint]) -> int:
    return sum(one.pods * int(part["cpu"].removesuffix("m")) for one in pods for part in one.requests)


def _mib(pods: list[Footprint]) -> int:
    return sum(one.pods * int(part["memory"].removesuffix("Mi")) for one in pods for part in one.requests)
