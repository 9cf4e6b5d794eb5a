"""Snapshots of prices: which price of a machine holds in a region, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml

from aigc.catalog.faults import UserError
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import machines
from aigc.catalog.prices import NodePrice, price_in, snapshot, snapshot_name
from tests.pure.catalog.copied import copied_catalog

DAY = date(2026, 11, 1)
G6 = machines(Cloud.AWS)["g6.2xlarge"]
OF_THE_ROW = NodePrice(G6.usd_per_hour_on_demand, G6.usd_per_hour_spot)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Path]:
    with copied_catalog(tmp_path) as folder:
        yield folder


def write(catalog: Path, region: str, rows: dict[str, dict[str, float | None]], written: str = "") -> None:
    path = catalog / snapshot_name(Cloud.AWS, region)
    path.parent.mkdir(exist_ok=True)
    head = {"cloud": "aws", "region": written or region, "date": DAY.isoformat(), "source": "a test"}
    path.write_text(yaml.safe_dump(head | {"machines": rows}))


def test_without_a_snapshot_the_row_holds_in_its_region_alone(catalog: Path) -> None:
    assert snapshot(Cloud.AWS, "us-east-1") is None
    assert price_in(G6, "us-east-1") == OF_THE_ROW
    assert price_in(G6, "eu-west-1") is None
    assert price_in(G6, None) is None


def test_a_snapshot_goes_before_the_row_and_holds_elsewhere(catalog: Path) -> None:
    write(catalog, "us-east-1", {"g6.2xlarge": {"on_demand": 1.5, "spot": None}})
    write(catalog, "eu-west-1", {"g6.2xlarge": {"on_demand": 2.0, "spot": 0.5}})
    assert price_in(G6, "us-east-1") == NodePrice(1.5, None, DAY)
    assert price_in(G6, "eu-west-1") == NodePrice(2.0, 0.5, DAY)


def test_what_a_snapshot_has_not_on_demand_stays_the_rows(catalog: Path) -> None:
    """Spot of one day is not held against on-demand of another."""
    for region in ("us-east-1", "eu-west-1"):
        write(catalog, region, {"g6.2xlarge": {"on_demand": None, "spot": 0.5}})
    assert price_in(G6, "us-east-1") == OF_THE_ROW
    assert price_in(G6, "eu-west-1") is None
    assert price_in(machines(Cloud.AWS)["g6.4xlarge"], "eu-west-1") is None


@pytest.mark.parametrize(
    ("price", "says"),
    [
        ({"on_demand": 1.0, "spot": 1.5}, "spot 1.5 is above on demand 1"),
        ({"on_demand": 0, "spot": None}, "greater than 0"),
        ({"on_demand": float("nan"), "spot": None}, "finite number"),
        ({"on_demand": 1.0}, "Field required"),
    ],
)
def test_a_price_that_cannot_be_is_refused(catalog: Path, price: dict[str, float | None], says: str) -> None:
    write(catalog, "us-east-1", {"g6.2xlarge": price})
    with pytest.raises(UserError, match=rf"catalog/prices/aws-us-east-1.yaml: machines.g6.2xlarge.*{says}"):
        price_in(G6, "us-east-1")


def test_a_snapshot_under_another_regions_name_is_refused(catalog: Path) -> None:
    write(catalog, "eu-west-1", {}, written="eu-west-2")
    with pytest.raises(UserError, match="is of aws eu-west-2"):
        price_in(G6, "eu-west-1")
