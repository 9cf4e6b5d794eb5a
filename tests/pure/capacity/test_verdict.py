"""Verdicts from facts, as a table: a no needs a fact, a yes needs all of them, what is unknown is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc.catalog.machines import machines
from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import CapacityType, Cloud, PoolPlan, QuotaPlan, StackPlan
from scripts.capacity.alternatives import Alternative, candidates, cheapest, live_usd_per_hour, needs_with
from scripts.capacity.facts import Fact, Known, LiveQuota, Offering, QuotaAnswer, Reserved, Unknown
from scripts.capacity.report import difference
from scripts.capacity.verdict import (
    Outcome,
    offering_finding,
    overall,
    pool_findings,
    quota_finding,
    reservation_finding,
)
from tests.pure.plan.stacks_for_tests import add_model, aws, write

FITS, NO, UNKNOWN = Outcome.FITS, Outcome.DOES_NOT_FIT, Outcome.UNKNOWN
NEED = QuotaPlan(name="G instances", code="L-1", unit="vCPU", needed=16.0, pools=("l4",))
SILENT = Unknown("nobody answered", "ask again")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> StackPlan:
    folder: Path = tmp_path_factory.mktemp("plan")
    add_model(folder / "models", "tiny")
    return resolve(parse_stack_file(write(folder, aws())), "aws-test", folder / "models")


@pytest.fixture
def l4(plan: StackPlan) -> PoolPlan:
    return plan.pools[1]


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        ([], FITS),
        ([FITS, FITS], FITS),
        ([FITS, UNKNOWN], UNKNOWN),
        ([UNKNOWN, NO, FITS], NO),
    ],
)
def test_one_no_is_a_no_and_one_unknown_no_yes(outcomes: list[Outcome], whole: Outcome) -> None:
    assert overall(outcomes) is whole


@pytest.mark.parametrize(
    ("live", "outcome", "says"),
    [
        (SILENT, UNKNOWN, "nobody answered"),
        (Known(LiveQuota(15.9)), NO, "15.9 vCPU allowed, 16 needed"),
        (Known(LiveQuota(16.0)), FITS, "16 vCPU allowed, 16 needed"),
        (Known(LiveQuota(0.0, 0.0)), NO, "0 vCPU allowed"),
        (Known(LiveQuota(20.0, 4.0)), FITS, "4 in use"),
        (Known(LiveQuota(20.0, 5.0)), UNKNOWN, "enough only if 1 of what is in use are this stack's own"),
        (Known(LiveQuota(64.0, None, "the default")), FITS, "(the default)"),
    ],
)
def test_quotas(live: Fact[LiveQuota], outcome: Outcome, says: str) -> None:
    finding = quota_finding(QuotaAnswer(NEED, live))
    assert finding.outcome is outcome
    assert says in finding.sentence and "G instances (L-1)" in finding.sentence
    assert bool(finding.way_out) is (outcome is not FITS)


def test_the_way_out_of_a_quota_is_a_command_where_there_is_one() -> None:
    short = quota_finding(QuotaAnswer(NEED, Known(LiveQuota(8.0, raised_by="more --to {}"))))
    assert short.way_out == "ask the cloud for 16 vCPU: more --to 16"
    used = quota_finding(QuotaAnswer(NEED, Known(LiveQuota(20.0, 5.0, raised_by="more --to {}"))))
    assert used.way_out.endswith("more --to 21")


@pytest.mark.parametrize(
    ("offering", "zones", "outcome", "says", "way_out"),
    [
        (SILENT, ("a",), UNKNOWN, "nobody answered", "ask again"),
        (Known(Offering()), (), NO, "nowhere in the region", "another machine type"),
        (Known(Offering()), ("a",), NO, "none of a", "another machine type"),
        (Known(Offering({"a": "id-1"})), (), FITS, "sold in a (id-1)", ""),
        (Known(Offering({"a": ""})), ("a", "b"), FITS, "sold in a; not in b", ""),
        (Known(Offering({"c": ""})), ("a", "b"), NO, "none of a, b", "another zone: c"),
        (Known(Offering({"a": "", "b": ""}, {"a": "full"})), ("a",), NO, "a (full)", "another zone: b"),
        (Known(Offering({"a": "", "b": ""}, {"a": "full"})), (), FITS, "sold in b; not in a (full)", ""),
        (Known(Offering({"a": ""}, {"a": "full"})), (), NO, "none of a (full)", "another machine type"),
    ],
)
def test_offerings(
    l4: PoolPlan, offering: Fact[Offering], zones: tuple[str, ...], outcome: Outcome, says: str, way_out: str
) -> None:
    finding = offering_finding(l4.model_copy(update={"zones": zones}), offering)
    assert finding.outcome is outcome
    assert says in finding.sentence
    assert way_out in finding.way_out


@pytest.mark.parametrize(
    ("reserved", "outcome", "says"),
    [
        (SILENT, UNKNOWN, "nobody answered"),
        (Known(Reserved({})), NO, "0 g6.2xlarge reserved"),
        (Known(Reserved({"us-east-1f": (9, 9)})), NO, "0 g6.2xlarge reserved in us-east-1a, us-east-1b"),
        (Known(Reserved({"us-east-1a": (1, 1), "us-east-1b": (1, 1)})), FITS, "2 of them unused, 2 wanted"),
        (Known(Reserved({"us-east-1a": (2, 1)})), UNKNOWN, "enough only if 1 of those in use"),
    ],
)
def test_reservations(l4: PoolPlan, reserved: Fact[Reserved], outcome: Outcome, says: str) -> None:
    finding = reservation_finding(l4, reserved)
    assert finding.outcome is outcome
    assert says in finding.sentence
    assert bool(finding.way_out) is (outcome is not FITS)


def test_what_is_reserved_may_be_had_on_demand(l4: PoolPlan) -> None:
    found = candidates(Cloud.AWS, l4.model_copy(update={"capacity": CapacityType.RESERVED}))
    assert {one.capacity for one in found} == {CapacityType.ON_DEMAND}
    assert l4.machine_type in {one.machine_type for one in found}


def test_only_quotas_of_a_pool_decide_about_it(l4: PoolPlan) -> None:
    others = QuotaAnswer(NEED.model_copy(update={"pools": ("platform",)}), Known(LiveQuota(0.0)))
    mine = QuotaAnswer(NEED, Known(LiveQuota(16.0)))
    findings = pool_findings(l4, Known("me"), [others, mine], Known(Offering(dict.fromkeys(l4.zones, ""))))
    assert [finding.outcome for finding in findings] == [FITS, FITS]
    assert pool_findings(l4, SILENT, [], SILENT)[0].about == "account"


def test_candidates_carry_no_less(l4: PoolPlan) -> None:
    wanted = machines(Cloud.AWS)[l4.machine_type]
    found = candidates(Cloud.AWS, l4)
    assert {one.capacity for one in found} == {CapacityType.SPOT, CapacityType.ON_DEMAND}
    assert (l4.machine_type, CapacityType.SPOT) not in {(one.machine_type, one.capacity) for one in found}
    assert (l4.machine_type, CapacityType.ON_DEMAND) in {(one.machine_type, one.capacity) for one in found}
    for one in found:
        row = machines(Cloud.AWS)[one.machine_type]
        assert row.resource_key == wanted.resource_key and row.architecture == wanted.architecture
        assert (row.accelerator_memory_gib or 0) >= (wanted.accelerator_memory_gib or 0)
        assert (one.vcpus or 0) >= (l4.vcpus or 0) and (one.memory_gib or 0) >= (l4.memory_gib or 0)
        assert one.max_nodes * one.accelerators_per_node >= l4.max_nodes * l4.accelerators_per_node


def test_what_auto_mode_cannot_drive_is_no_candidate_there(l4: PoolPlan) -> None:
    everywhere, there = (
        {one.machine_type for one in candidates(Cloud.AWS, l4, auto_mode=auto_mode)} for auto_mode in (False, True)
    )
    assert everywhere - there == {row for row in everywhere if row.startswith("g7.")} != set()


def test_what_is_not_on_spot_never_goes_there(plan: StackPlan) -> None:
    found = candidates(Cloud.AWS, plan.pools[0])
    assert found and {one.capacity for one in found} == {CapacityType.ON_DEMAND}
    assert {one.max_nodes for one in found} == {plan.pools[0].max_nodes}
    assert all(one.accelerators_per_node == 0 for one in found)


def test_more_accelerators_a_node_are_fewer_nodes(l4: PoolPlan) -> None:
    ten = l4.model_copy(update={"max_nodes": 10, "min_nodes": 1})
    four = next(one for one in candidates(Cloud.AWS, ten) if one.accelerators_per_node == 4)
    assert (four.min_nodes, four.max_nodes) == (1, 3)


def test_a_candidate_changes_the_needs_of_the_stack(plan: StackPlan, l4: PoolPlan) -> None:
    on_demand = next(one for one in candidates(Cloud.AWS, l4) if one.machine_type == l4.machine_type)
    pools, needs = needs_with(plan, on_demand)
    assert [pool.name for pool in pools] == [pool.name for pool in plan.pools]
    assert {need.code for need in needs} == {"L-1216C47A", "L-DB2E81BA"}


def test_the_cheapest_is_of_the_whole_pool(l4: PoolPlan) -> None:
    one = l4.model_copy(update={"max_nodes": 1, "machine_type": "big"})
    assert cheapest([Alternative(l4, 1.0), Alternative(one, 1.9)]) == Alternative(one, 1.9)
    assert cheapest([]) is None


def test_the_price_that_counts(l4: PoolPlan) -> None:
    spot: dict[str, Fact[dict[str, float]]] = {l4.machine_type: Known({"us-east-1b": 0.3, "us-east-1f": 0.1})}
    assert live_usd_per_hour(l4, Known(1.0), spot) == 0.3  # us-east-1f is no zone of the pool
    assert live_usd_per_hour(l4, Known(1.0), {l4.machine_type: Known({"*": 0.2})}) == 0.2
    assert live_usd_per_hour(l4, Known(1.0), {}) is None
    on_demand = l4.model_copy(update={"capacity": CapacityType.ON_DEMAND})
    assert live_usd_per_hour(on_demand, Known(1.0), spot) == 1.0
    assert live_usd_per_hour(on_demand, SILENT, spot) is None


@pytest.mark.parametrize(
    ("live", "catalog", "says"),
    [(0.357, 0.357, "as in the catalog"), (0.4, 0.5, "-20.0% from the catalog's $0.5"), (1.1, 1.0, "+10.0%")],
)
def test_prices_are_compared_in_words(live: float, catalog: float, says: str) -> None:
    assert says in difference(live, catalog)
