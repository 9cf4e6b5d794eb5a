"""The bill: floor, at plan and maximum, each an interval that says what it leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.services import HOURS_PER_MONTH, Per, services
from aigc.config.stack_file import parse_stack_file
from aigc.plan.cost import CostItem, CostPlan
from aigc.plan.cost_text import budget_text, cost_facts, state_texts
from aigc.plan.price import monthly_cost
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import Cloud, StackPlan
from tests.pure.plan.stacks_for_tests import aws, existing, gcp, local, write

TRAFFIC = {"requests_per_second": 5.0, "peak_factor": 3.0}
L4_ON_DEMAND = 0.85362


def plan(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    return resolve(parse_stack_file(write(folder, stack)), f"{stack['cloud']}-test", repository)


def on_l4(**more: Any) -> dict[str, Any]:
    return {"mode": "knative", "accelerators": ["nvidia-l4"], "traffic": TRAFFIC} | more


def item(cost: CostPlan, start: str) -> Any:
    (found,) = [one for one in cost.items if one.name.startswith(start)]
    return found


def test_the_floor_is_everything_that_stays_when_nobody_asks(tmp_path: Path, repository: Path) -> None:
    cost = plan(tmp_path, repository, aws(models={"tiny": on_l4()})).cost
    assert item(cost, "nodes of pool l4").floor.usd_per_month_high == 0
    control_plane, nat, address, balancer, disk = 0.10, 0.045, 0.005, 0.025, 100 * 0.08
    expected = (0.357 + control_plane + nat + address + balancer) * HOURS_PER_MONTH + disk
    assert cost.floor.usd_per_month_low == cost.floor.usd_per_month_high == pytest.approx(expected, abs=0.05)


def test_states_never_fall(tmp_path: Path, repository: Path) -> None:
    for stack in (aws(models={"tiny": on_l4()}), gcp(models={"tiny": on_l4()})):
        cost = plan(tmp_path, repository, stack).cost
        bills: tuple[CostItem | CostPlan, ...] = (*cost.items, cost)
        for one in bills:
            assert one.floor.usd_per_month_low <= one.at_plan.usd_per_month_low <= one.maximum.usd_per_month_low
            highs = [state.usd_per_month_high for state in (one.floor, one.at_plan, one.maximum)]
            known = [high for high in highs if high is not None]
            assert len(known) == 3 and known == sorted(known)


def test_traffic_that_never_pauses_keeps_one_replica(tmp_path: Path, repository: Path) -> None:
    busy = plan(tmp_path, repository, gcp(models={"tiny": on_l4()}))
    quiet = on_l4(traffic={"requests_per_second": 0.01, "peak_factor": 3.0})
    rare = plan(tmp_path, repository, gcp(models={"tiny": quiet}))
    bounds = [(one.expected.min_replicas, one.expected.max_replicas) for one in (busy.endpoints[0], rare.endpoints[0])
              if one.expected]  # fmt: skip
    assert bounds == [(1, 2), (0, 2)]
    assert item(busy.cost, "nodes of pool l4").at_plan.usd_per_month_low > 0
    assert item(rare.cost, "nodes of pool l4").at_plan.usd_per_month_low == 0
    assert "not measured" in busy.cost.at_plan_basis[0]


def test_a_fixed_number_of_replicas_is_known(tmp_path: Path, repository: Path) -> None:
    fixed = on_l4(mode="steady", replicas={"min": 2})
    cost = plan(tmp_path, repository, gcp(models={"tiny": fixed})).cost
    assert cost.at_plan_basis == ("tiny: 2 replicas",)
    nodes = item(cost, "nodes of pool l4").at_plan
    assert nodes.usd_per_month_high == pytest.approx(2 * L4_ON_DEMAND * HOURS_PER_MONTH, abs=0.01)


def test_a_million_inferences_cost_the_pool_over_its_requests(tmp_path: Path, repository: Path) -> None:
    fixed = on_l4(mode="steady", replicas={"min": 2})
    (one,) = plan(tmp_path, repository, gcp(models={"tiny": fixed})).cost.inferences
    millions = 5.0 * 3600 * HOURS_PER_MONTH / 1e6
    assert one.requests_per_month == pytest.approx(millions * 1e6)
    assert one.usd_per_million_high == pytest.approx(2 * L4_ON_DEMAND * HOURS_PER_MONTH / millions, abs=1e-2)
    assert any("pool platform" in left for left in one.leaves_out)
    assert any("GKE cluster fee" in left for left in one.leaves_out)


def test_two_models_of_a_pool_share_its_cost(tmp_path: Path, repository: Path) -> None:
    models = {"tiny": on_l4(), "batched": on_l4(traffic=TRAFFIC | {"requests_per_second": 15.0})}
    both = plan(tmp_path, repository, gcp(models=models)).cost.inferences
    assert len({one.usd_per_million_high for one in both}) == 1
    unnamed = plan(tmp_path, repository, gcp(models={"tiny": on_l4(), "batched": {"accelerators": ["nvidia-l4"]}}))
    (only,) = unnamed.cost.inferences
    assert "requests of batched" in only.leaves_out


def test_without_traffic_no_price_of_an_inference(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, gcp())
    assert result.cost.inferences == ()
    assert "no traffic is named" in result.cost.at_plan_basis[0]


def test_what_has_no_price_in_the_region_is_named(tmp_path: Path, repository: Path) -> None:
    zones = ["eu-west-1a", "eu-west-1b"]
    cost = plan(tmp_path, repository, aws(region="eu-west-1", zones=zones)).cost
    assert any(gap.startswith("NAT gateway (priced only in us-east-1)") for gap in cost.not_priced)
    assert not any(one.name == "NAT gateway" for one in cost.items)
    fee = plan(tmp_path, repository, gcp(region="europe-west4")).cost
    assert item(fee, "GKE cluster fee").floor.usd_per_month_low == pytest.approx(73)


def test_a_part_is_never_shown_as_the_whole(tmp_path: Path, repository: Path) -> None:
    cost = plan(tmp_path, repository, aws()).cost
    assert cost.not_priced
    assert all(text.endswith("for what is priced") for text in state_texts(cost))
    whole = cost.model_copy(update={"not_priced": ()})
    assert state_texts(whole)[0] == f"${cost.floor.usd_per_month_low:,.2f} a month"


@pytest.mark.parametrize("stack", [local(), existing()])
def test_what_is_not_ours_has_no_price(tmp_path: Path, repository: Path, stack: dict[str, Any]) -> None:
    cost = plan(tmp_path, repository, stack).cost
    assert cost_facts(cost)["maximum"] == "unknown"
    assert cost.not_priced and not cost.items


def test_the_budget_is_held_against_all_that_is_priced(tmp_path: Path, repository: Path) -> None:
    said = []
    for budget in (10.0, 1000.0, 100_000.0):
        cost = plan(tmp_path, repository, gcp(budget_usd_per_month=budget)).cost
        said.append(str(budget_text(cost)).split(": ")[1])
    assert said == ["exceeded even at the floor", "exceeded at the maximum",
                    "holds at the maximum, but for what is not priced"]  # fmt: skip


@pytest.mark.parametrize("pools", [{"min_nodes": 33, "max_nodes": 40}])
def test_a_price_that_holds_up_to_a_number_says_so(tmp_path: Path, repository: Path, pools: dict[str, int]) -> None:
    stack = gcp(pools={"platform": {"machine_type": "t2d-standard-8"} | pools})
    assert "Cloud NAT above 32 nodes" in plan(tmp_path, repository, stack).cost.not_priced


def test_more_than_one_of_a_service_costs_more(tmp_path: Path, repository: Path) -> None:
    spec = parse_stack_file(write(tmp_path, aws()))
    made = resolve(spec, "aws-test", repository)
    one, three = (monthly_cost(spec, made.pools, made.endpoints, {"nat_gateway": count}) for count in (1, 3))
    difference = three.floor.usd_per_month_low - one.floor.usd_per_month_low
    assert difference == pytest.approx(2 * 0.045 * HOURS_PER_MONTH, abs=0.01)


def test_every_cloud_says_what_it_bills_for() -> None:
    for cloud in (Cloud.AWS, Cloud.GCP, Cloud.AZURE):
        kinds = {row.service for row in services(cloud)}
        assert {"control_plane", "nat_gateway", "load_balancer", "node_disk", "egress"} <= kinds
        assert any(row.per is Per.TRAFFIC for row in services(cloud))
