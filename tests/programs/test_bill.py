"""What the plan prices is what the program makes: a gateway more in the graph is a line more on the bill."""

from __future__ import annotations

import pytest

from aigc.catalog.services import services
from aigc.plan.validation import plan_of
from scripts.engine.graph import Graph

MADE_BY = {"nat_gateway": ("aws:ec2/natGateway:NatGateway",), "nat_address": ("aws:ec2/eip:Eip",)}


@pytest.mark.parametrize("service", MADE_BY)
def test_as_many_are_priced_as_are_made(graph: Graph, service: str) -> None:
    plan = plan_of(graph.stack)
    made = sum(resource.type in MADE_BY[service] for resource in graph.resources)
    if not made:
        return
    (row,) = [row for row in services(plan.cloud) if row.service == service]
    each = row.usd_per_month(plan.region)
    if each is None:
        assert any(gap.startswith(row.name) for gap in plan.cost.not_priced)
        return
    (item,) = [item for item in plan.cost.items if item.name == row.name]
    assert item.floor.usd_per_month_low == pytest.approx(each * made, abs=0.01), f"{made} are made"
