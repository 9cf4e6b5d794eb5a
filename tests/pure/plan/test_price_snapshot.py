"""The bill with a snapshot of prices in the catalog: known outside the catalog's region, and said of which day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from aigc.catalog.kinds import Cloud
from aigc.catalog.prices import snapshot_name
from aigc.catalog.services import HOURS_PER_MONTH
from aigc.config.stack_file import parse_stack_file
from aigc.plan.cost_text import cost_facts
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from scripts.capacity.alternatives import catalog_usd_per_hour
from scripts.preview.lines import OLD_PRICES_DAYS, old_price_lines
from tests.pure.catalog.copied import copied_catalog
from tests.pure.plan.stacks_for_tests import aws, write

REGION, DAY = "eu-west-1", date(2026, 11, 1)
ROWS = {"c7i.2xlarge": {"on_demand": 0.4, "spot": 0.2}, "g6.2xlarge": {"on_demand": 1.2, "spot": 0.3}}


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Path]:
    with copied_catalog(tmp_path) as folder:
        (folder / "prices").mkdir()
        yield folder


def plan(folder: Path, repository: Path, rows: dict[str, Any] | None) -> StackPlan:
    if rows:
        content = {"cloud": "aws", "region": REGION, "date": DAY.isoformat(), "source": "a test", "machines": rows}
        (folder / snapshot_name(Cloud.AWS, REGION)).write_text(yaml.safe_dump(content))
    stack = aws(region=REGION, zones=[f"{REGION}a", f"{REGION}b"])
    return resolve(parse_stack_file(write(folder, stack)), "aws-test", repository)


def test_without_one_nodes_elsewhere_have_no_price(catalog: Path, repository: Path) -> None:
    made = plan(catalog, repository, None)
    assert "nodes of pool l4 (g6.2xlarge: priced only in us-east-1)" in made.cost.not_priced
    assert "prices_of_nodes_asked_on" not in cost_facts(made.cost)
    assert list(old_price_lines(made, DAY)) == []


def test_with_one_they_have_and_the_plan_says_of_which_day(catalog: Path, repository: Path) -> None:
    made = plan(catalog, repository, ROWS)
    nodes = {item.pool: item for item in made.cost.items if item.pool}
    platform, l4 = nodes["platform"].floor, nodes["l4"].maximum
    assert platform.usd_per_month_low == platform.usd_per_month_high == pytest.approx(0.4 * HOURS_PER_MONTH)
    assert l4.usd_per_month_low == pytest.approx(2 * 0.3 * HOURS_PER_MONTH)
    assert l4.usd_per_month_high == pytest.approx(2 * 1.2 * HOURS_PER_MONTH)
    assert not any(gap.startswith("nodes of pool") for gap in made.cost.not_priced)
    assert cost_facts(made.cost)["prices_of_nodes_asked_on"] == "2026-11-01: platform, l4"
    assert catalog_usd_per_hour(Cloud.AWS, "g6.2xlarge", REGION, spot=True) == 0.3


def test_a_machine_that_it_lacks_is_named_and_has_no_day(catalog: Path, repository: Path) -> None:
    made = plan(catalog, repository, {"c7i.2xlarge": ROWS["c7i.2xlarge"]})
    assert "nodes of pool l4 (g6.2xlarge: priced only in us-east-1)" in made.cost.not_priced
    assert cost_facts(made.cost)["prices_of_nodes_asked_on"] == "2026-11-01: platform"


def test_an_old_one_is_told_in_a_preview_and_how_to_ask_anew(catalog: Path, repository: Path) -> None:
    made = plan(catalog, repository, ROWS)
    assert list(old_price_lines(made, DAY.fromordinal(DAY.toordinal() + OLD_PRICES_DAYS))) == []
    (line,) = old_price_lines(made, DAY.fromordinal(DAY.toordinal() + OLD_PRICES_DAYS + 1))
    assert "91 days old" in line
    assert "`python -m scripts pin --prices --cloud aws --region eu-west-1`" in line
