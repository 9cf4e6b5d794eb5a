"""Reserved capacity: what a pool must name, what AWS adds to it, and that only a given moment ends it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.validation import stack_file_faults
from scripts.verbs import validate
from tests.pure.plan.stacks_for_tests import aws, gcp, nodes_at_most, write

ODCR = "cr-0123456789abcdef0"
ONE_ZONE = {"machine_type": "g6.2xlarge", "max_nodes": 2, "zones": ["us-east-1b"]}
RESERVED = ONE_ZONE | {"capacity": "reserved", "reservation": ODCR}
BLOCK = RESERVED | {
    "machine_type": "p5.48xlarge", "capacity_block": True, "reservation_until": "2027-01-31T11:30Z",
}  # fmt: skip


def with_pool(**pool: Any) -> dict[str, Any]:
    return aws(pools=aws()["pools"] | {"l4": pool})


FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (with_pool(**ONE_ZONE, capacity="reserved"), "l4.reservation", "is missing", "on_demand or spot"),
    (with_pool(**ONE_ZONE, reservation=ODCR), "l4.reservation", "without capacity: reserved", "remove it"),
    (with_pool(**ONE_ZONE, capacity="spot", reservation=ODCR), "l4.reservation", "means nothing", "remove it"),
    (with_pool(**ONE_ZONE, capacity_block=True), "l4.capacity_block", "means nothing", "remove it"),
    (with_pool(**ONE_ZONE, reservation_until="2027-01-31T11:30Z"), "l4.reservation_until", "nothing", "remove it"),
    (with_pool(**RESERVED | {"reservation": "my-gpus"}), "l4.reservation", "no id of a Capacity", "cr-01234567"),
    (with_pool(**RESERVED | {"zones": []}), "l4.zones", "are 2", "zones: [us-east-1a]"),
    (with_pool(**BLOCK | {"min_nodes": 1}), "l4.min_nodes", "outside its days", "use 0"),
    (with_pool(**BLOCK | {"reservation_until": "next week"}), "l4.reservation_until", "no moment", "2027-01-31T11:30Z"),
    (with_pool(**BLOCK | {"reservation_until": "2027-02-30T11:30Z"}), "l4.reservation_until", "no moment", "quotes"),
    (gcp(pools=gcp()["pools"] | {"l4": {"machine_type": "g2-standard-8", "capacity_block": True}}),
     "l4.capacity_block", "means nothing on cloud gcp", "remove it"),
]  # fmt: skip


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    asked, where, problem, way_out = case
    found = stack_file_faults(write(tmp_path, asked), repository)
    assert any(where in one.where and problem in one.problem and way_out in one.way_out for one in found), found


@pytest.mark.parametrize("pool", [RESERVED, BLOCK], ids=["on demand", "capacity block"])
def test_a_sound_reservation_is_in_the_plan(tmp_path: Path, repository: Path, pool: dict[str, Any]) -> None:
    path = write(tmp_path, with_pool(**pool))
    assert stack_file_faults(path, repository) == []
    l4 = resolve(parse_stack_file(path), "aws-test", repository).pools[1]
    assert (l4.reservation, l4.capacity_block) == (ODCR, pool.get("capacity_block", False))
    assert l4.labels["aigc/capacity"] == "reserved"


def test_what_a_reservation_costs_is_not_guessed(tmp_path: Path, repository: Path) -> None:
    cost = resolve(parse_stack_file(write(tmp_path, with_pool(**RESERVED))), "aws-test", repository).cost
    assert nodes_at_most(cost) == pytest.approx((0.357 + 2 * 0.9776) * 730, abs=0.01)
    assert any(ODCR in gap and "while no node uses it" in gap for gap in cost.not_priced)
    cost = resolve(parse_stack_file(write(tmp_path, with_pool(**BLOCK))), "aws-test", repository).cost
    assert cost.usd_per_month_high is None, "a block's price is not that of on demand"
    assert any("paid when it is bought" in gap for gap in cost.not_priced)


@pytest.mark.parametrize(
    ("pool", "now", "over"),
    [
        (BLOCK, datetime(2027, 1, 31, 10, 49, tzinfo=UTC), False),
        # EKS takes a block's nodes away 40 minutes before its end.
        (BLOCK, datetime(2027, 1, 31, 10, 50, tzinfo=UTC), True),
        (RESERVED | {"reservation_until": "2027-01-31T11:30:30Z"}, datetime(2027, 1, 31, 11, 30, tzinfo=UTC), False),
        (RESERVED | {"reservation_until": "2027-01-31T11:30Z"}, datetime(2027, 1, 31, 11, 30, tzinfo=UTC), True),
        (RESERVED, datetime(2099, 1, 1, tzinfo=UTC), False),
    ],
)
def test_only_a_moment_that_is_given_ends_a_reservation(
    tmp_path: Path, repository: Path, pool: dict[str, Any], now: datetime, over: bool
) -> None:
    path = write(tmp_path, with_pool(**pool))
    assert stack_file_faults(path, repository) == [], "one commit is one plan, whatever the day"
    found = stack_file_faults(path, repository, now=now)
    assert bool(found) == over
    assert all(one.where.endswith("l4.reservation_until") and "extend" in one.way_out for one in found)


def test_validate_asks_the_clock_or_who_calls_it(tmp_path: Path) -> None:
    stack = with_pool(**BLOCK) | {"models": {"gpt": {}}}
    path = str(write(tmp_path, stack))
    app = typer.Typer()
    validate.register(app)
    app.command("other")(lambda: None)  # with one command alone Typer drops its name
    assert CliRunner().invoke(app, ["validate", "--file", path, "--today", "2027-01-31"]).exit_code == 0
    late = CliRunner().invoke(app, ["validate", "--file", path, "--today", "2027-02-01"])
    assert late.exit_code == 2 and "ended at 2027-01-31T11:30Z" in late.output
