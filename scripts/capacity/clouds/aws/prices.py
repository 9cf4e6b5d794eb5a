"""What a machine of EC2 costs an hour: the public price list, and the spot market of each zone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from scripts.capacity.clouds.aws.access import Access
from scripts.capacity.facts import Fact, Known, Unknown

_LINUX = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "licenseModel": "No License required",
    "capacitystatus": "Used",
}
"""Of the many products of one machine type, the plain one: no licence, no reservation that lies idle."""
_SPOT_PRODUCTS = ["Linux/UNIX", "Linux/UNIX (Amazon VPC)"]
"""One market under two names: which one an account sees depends on its age."""


def on_demand_usd(access: Access, machine_type: str) -> Fact[float]:
    """The one price of the plain product; none or several stay unknown."""
    wanted = {"instanceType": machine_type, "regionCode": access.region, **_LINUX}
    answer = access.ask("pricing:GetProducts", lambda: _products(access, wanted))
    if isinstance(answer, Unknown):
        return answer
    prices = sorted({usd for product in answer.value for usd in _hourly(product)})
    if len(prices) == 1:
        return Known(prices[0])
    found = f"{len(prices)} prices ({', '.join(f'{usd:g}' for usd in prices)})" if prices else "no price"
    return Unknown(f"AWS's price list has {found} for {machine_type} in {access.region}", "look at its price page")


def _products(access: Access, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
    pages = access.client("pricing").get_paginator("get_products").paginate(ServiceCode="AmazonEC2", Filters=filters)
    return [json.loads(product) for page in pages for product in page["PriceList"]]


def _hourly(product: Mapping[str, Any]) -> Iterator[float]:
    """US dollars an hour in a product's on-demand terms; zero is that of a capacity block, which is paid beforehand."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            usd = float(dimension.get("pricePerUnit", {}).get("USD", 0))
            if dimension.get("unit") == "Hrs" and usd > 0:
                yield usd


def spot_usd(access: Access, machine_types: Sequence[str]) -> dict[str, Fact[Mapping[str, float]]]:
    """The newest price of each zone; a zone without one has had no market lately."""
    answer = access.ask("ec2:DescribeSpotPriceHistory", lambda: _history(access, machine_types))
    if isinstance(answer, Unknown):
        return dict.fromkeys(machine_types, answer)
    newest: dict[str, dict[str, tuple[datetime, float]]] = {name: {} for name in machine_types}
    for row in answer.value:
        zones, at = newest.setdefault(row["InstanceType"], {}), row["Timestamp"]
        if row["AvailabilityZone"] not in zones or zones[row["AvailabilityZone"]][0] < at:
            zones[row["AvailabilityZone"]] = at, float(row["SpotPrice"])
    return {name: _market(access, name, newest[name]) for name in machine_types}


def _market(access: Access, name: str, zones: Mapping[str, tuple[datetime, float]]) -> Fact[Mapping[str, float]]:
    if not zones:
        return Unknown(f"{name} has no spot market in {access.region}", "use capacity: on_demand")
    return Known({zone: usd for zone, (_, usd) in sorted(zones.items())})


def _history(access: Access, machine_types: Sequence[str]) -> list[dict[str, Any]]:
    # A history that begins now is the price that holds now, one row a market.
    pages = (
        access.client("ec2")
        .get_paginator("describe_spot_price_history")
        .paginate(InstanceTypes=list(machine_types), ProductDescriptions=_SPOT_PRODUCTS, StartTime=datetime.now(UTC))
    )
    return [row for page in pages for row in page["SpotPriceHistory"]]
