"""What a stack for development costs while nobody asks it, and that the plan says how much that is."""

from __future__ import annotations

import pytest

from aigc.catalog.machines import machines
from aigc.config.stacks import stack_names
from aigc.plan.text import render_text
from aigc.plan.validation import plan_of

DEV = [name for name in stack_names() if name.endswith("-dev")]
MOST_PLATFORM_NODES = 1
"""Knative, the gateway and Prometheus have to be somewhere."""
LEAST_PLATFORM_VCPUS = 4
"""AKS takes no less for its own pods, and on two Knative's would fill a node (docs/decisions/0035)."""


def test_every_cloud_has_one() -> None:
    assert DEV == ["aws-dev", "azure-dev", "gcp-dev"]


@pytest.mark.parametrize("stack", DEV)
def test_everything_with_an_accelerator_goes_to_zero(stack: str) -> None:
    plan = plan_of(stack)
    assert [endpoint.scaling.min_replicas for endpoint in plan.endpoints] == [0] * len(plan.endpoints)
    kept = {pool.name: pool.min_nodes for pool in plan.pools if pool.min_nodes}
    assert kept == {"platform": MOST_PLATFORM_NODES}
    assert all(pool.capacity == "spot" for pool in plan.pools if pool.accelerator)
    assert not plan.cluster.nat_gateway_per_zone and not plan.cluster.deletion_protection


@pytest.mark.parametrize("stack", DEV)
def test_the_node_that_stays_is_the_cheapest_of_the_catalog_that_is_large_enough(stack: str) -> None:
    """Whose price is the same whatever runs there, on the processor that our images are for."""
    plan = plan_of(stack)
    fit = [
        row
        for row in machines(plan.cloud).values()
        if row.accelerator_id is None and row.architecture == "x86_64" and (row.vcpus or 0) >= LEAST_PLATFORM_VCPUS
    ]
    usd = {row.machine_type: row.usd_per_hour_on_demand for row in fit if row.usd_per_hour_on_demand}
    (platform,) = [pool for pool in plan.pools if pool.min_nodes]
    assert platform.capacity == "on_demand"
    assert usd[platform.machine_type] == min(usd.values())


@pytest.mark.parametrize("stack", DEV)
def test_idle_is_one_node_and_what_a_cluster_is_charged_for(stack: str) -> None:
    plan = plan_of(stack)
    accelerated = {pool.name for pool in plan.pools if pool.accelerator}
    assert accelerated
    idle = {item.pool: item.floor.usd_per_month_high for item in plan.cost.items if item.pool}
    assert {idle[name] for name in accelerated} == {0.0}
    usd = plan.cost.floor.usd_per_month_low
    others = sum(item.floor.usd_per_month_low for item in plan.cost.items if item.pool not in accelerated)
    assert usd == plan.cost.floor.usd_per_month_high == pytest.approx(others)
    (said,) = [line for line in render_text(plan).splitlines() if line.startswith("  floor (idle) ")]
    assert f" ${usd:,.2f} a month" in said
