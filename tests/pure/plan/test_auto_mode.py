"""EKS Auto Mode in a plan: what EKS brings is not the stack's, what it cannot make is refused at its path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import machines
from aigc.catalog.services import HOURS_PER_MONTH
from aigc.config.stack_file import parse_stack_file
from aigc.plan.auto_mode import on_auto_mode
from aigc.plan.capacity import allocatable
from aigc.plan.cost_text import state_texts
from aigc.plan.resolve import resolve
from aigc.plan.room import room_of_node
from aigc.plan.stack_plan import StackPlan
from aigc.plan.text import render_text
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.stacks_for_tests import aws, gcp, write

PLATFORM = {"machine_type": "c7i.2xlarge", "min_nodes": 2, "max_nodes": 2}
L4 = aws()["pools"]["l4"]
RESERVED: dict[str, Any] = {"capacity": "reserved", "reservation": "cr-0123456789abcdef0", "zones": ["us-east-1a"]}


def auto_mode(platform: dict[str, Any] = PLATFORM, **l4: Any) -> dict[str, Any]:
    return aws(node_provisioning="auto_mode", pools={"platform": platform, "l4": L4 | l4})


def plan(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    path = write(folder, stack)
    assert stack_file_faults(path, repository) == []
    return resolve(parse_stack_file(path), "aws-test", repository)


FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (auto_mode(PLATFORM | {"max_nodes": 3}), "platform.max_nodes", "keeps its number or grows from none", "overflow"),
    (auto_mode(machine_type="f2.6xlarge"), "l4.machine_type", "has no driver", "cluster_autoscaler"),
    (auto_mode(machine_type="g7.2xlarge"), "l4.machine_type", "Bottlerocket: the NVIDIA driver", "another machine"),
    (auto_mode(machine_type="g6.8xlarge", efa=True, zones=["us-east-1a"]), "l4.efa", "not built", "cluster_auto"),
    (auto_mode(node_image="bottlerocket"), "l4.node_image", "EKS chooses the image", "remove it"),
    (auto_mode(node_image="al2023"), "l4.node_image", "EKS chooses the image", "cluster_autoscaler"),
    (auto_mode(disk_gib=60_000), "l4.disk_gib", "59000 at most", "smaller"),
    (auto_mode(**RESERVED | {"capacity_block": True, "min_nodes": 2}), "l4.min_nodes", "Capacity Block", "use 0"),
    (gcp(node_provisioning="auto_mode"), "node_provisioning", "means nothing on cloud gcp", "remove it"),
    (aws(node_provisioning="auto-mode"), "node_provisioning", "auto-mode", "auto_mode"),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    asked, where, problem, way_out = case
    found = stack_file_faults(write(tmp_path, asked), repository)
    assert any(where in one.where and problem in one.problem and way_out in one.way_out for one in found), found


def test_a_machine_is_refused_in_one_sentence(tmp_path: Path, repository: Path) -> None:
    found = stack_file_faults(write(tmp_path, auto_mode(machine_type="f2.6xlarge")), repository)
    assert len([one for one in found if "l4.machine_type" in one.where]) == 1


@pytest.mark.parametrize("machine", ["g6.2xlarge", "inf2.xlarge", "c7i.2xlarge"])
def test_what_eks_brings_is_no_component(tmp_path: Path, repository: Path, machine: str) -> None:
    models = {"tiny": {"pool": "l4"}}
    result = plan(tmp_path, repository, auto_mode(machine_type=machine) | {"models": models})
    parts = {part.name for part in result.components}
    assert parts == {"knative-operator", "kube-prometheus-stack"}
    assert set(result.images) == {"envoy"}
    assert {one.name for one in result.namespaces}.isdisjoint({"accelerators", "cluster-autoscaler", "karpenter"})


def test_every_pool_is_its_and_none_has_an_image_of_ours(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, auto_mode())
    assert result.cluster.auto_mode
    assert [(pool.karpenter, pool.node_image) for pool in result.pools] == [(False, None)] * 2
    assert "  auto mode                            yes\n" in render_text(result)
    other = plan(tmp_path, repository, aws())
    assert not other.cluster.auto_mode and "auto mode" not in render_text(other)


@pytest.mark.parametrize(("nodes", "spare"), [(1, 1), (2, 2), (5, 2)])
def test_a_fixed_pool_has_one_more_in_each_zone_while_nodes_are_replaced(
    tmp_path: Path, repository: Path, nodes: int, spare: int
) -> None:
    result = plan(tmp_path, repository, auto_mode(PLATFORM | {"min_nodes": nodes, "max_nodes": nodes}))
    assert [pool.surge_nodes for pool in result.pools] == [spare, 0]
    assert [quota.needed for quota in result.quotas] == [(nodes + spare) * 8, 2 * 8], (
        "the account must allow these, too"
    )


def test_a_reservation_has_no_room_for_one_more(tmp_path: Path, repository: Path) -> None:
    reserved = plan(tmp_path, repository, auto_mode(**RESERVED | {"min_nodes": 2, "max_nodes": 2}))
    assert reserved.pools[1].surge_nodes == 0


@pytest.mark.parametrize("block", [True, False])
def test_a_reservation_is_a_pools_own(tmp_path: Path, repository: Path, block: bool) -> None:
    _, pool = plan(tmp_path, repository, auto_mode(**RESERVED | {"capacity_block": block})).pools
    assert (pool.reservation, pool.capacity_block, pool.zones) == (RESERVED["reservation"], block, ("us-east-1a",))


def test_a_small_node_has_more_pods_and_less_memory_for_them(tmp_path: Path, repository: Path) -> None:
    small, large = (machines(Cloud.AWS)[name] for name in ("c7i.2xlarge", "f2.6xlarge"))
    assert (small.max_pods, large.max_pods) == (58, 234)
    assert [on_auto_mode(row).max_pods for row in (small, large)] == [110, 234]
    result = plan(tmp_path, repository, auto_mode())
    (cpu, memory), (same_cpu, more) = room_of_node(result, result.pools[0]), allocatable(small)
    assert cpu == same_cpu
    assert memory is not None and more is not None and more - memory == 11 * (110 - 58)
    other = plan(tmp_path, repository, aws())
    assert room_of_node(other, other.pools[0]) == allocatable(small)


def test_its_fee_is_named_and_never_guessed(tmp_path: Path, repository: Path) -> None:
    fee = "fee of EKS Auto Mode for each machine"
    cost, other = plan(tmp_path, repository, auto_mode()).cost, plan(tmp_path, repository, aws()).cost
    assert fee in cost.not_priced and "capacity units of the load balancer" in cost.not_priced
    assert fee not in {item.name for item in cost.items}, "what has no price is no line of the bill"
    assert all(text.endswith("for what is priced") for text in state_texts(cost))
    assert not any("Auto Mode" in name or "capacity units" in name for name in other.not_priced)


def test_the_gateway_has_one_load_balancer_of_its_kind(tmp_path: Path, repository: Path) -> None:
    for stack, usd_per_hour in ((auto_mode(), 0.0225), (aws(), 0.025)):
        items = [item for item in plan(tmp_path, repository, stack).cost.items if "load balancer" in item.name]
        (balancer,) = items
        assert balancer.floor.usd_per_month_low == pytest.approx(usd_per_hour * HOURS_PER_MONTH, abs=0.01)
