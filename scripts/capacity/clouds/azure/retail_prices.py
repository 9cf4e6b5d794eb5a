"""List prices of Azure's machines by the public Retail Prices API, which has no SDK and wants no credentials.

AZURE_RETAIL_PRICES_ENDPOINT is another address of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from scripts.capacity.facts import Deadline, Fact, Known, Unknown
from scripts.capacity.rest import Rest, RestError, not_answered

PRICES_FROM = "Azure's Retail Prices API: list prices, those of an agreement may be lower"
_ADDRESS = "https://prices.azure.com"
_VERSION = "2023-01-01-preview"
_OTHER_SKUS = ("Spot", "Low Priority")
_OTHER_PRODUCTS = ("Windows", "Cloud Services", "CloudServices", "Dedicated")
_ALL_ZONES = "*"


class RetailPrices:
    """Prices of one region; a paged question a machine type, whichever of its prices is asked for."""

    def __init__(self, region: str, api: Rest, deadline: Deadline) -> None:
        self._region, self._api, self._deadline = region, api, deadline
        self._meters = cache(self._meters_of)

    def on_demand(self, machine_types: Sequence[str]) -> Mapping[str, Fact[float]]:
        """The list price of each."""
        return {name: self._price(name, "") for name in machine_types}

    def spot(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Mapping[str, float]]]:
        """Azure has one spot price a region, for all its zones."""
        prices = {name: self._price(name, _OTHER_SKUS[0]) for name in machine_types}
        return {
            name: usd if isinstance(usd, Unknown) else Known({_ALL_ZONES: usd.value}) for name, usd in prices.items()
        }

    def _price(self, machine_type: str, kind: str) -> Fact[float]:
        meters = self._meters(machine_type)
        if isinstance(meters, Unknown):
            return meters
        found = sorted({meter["retailPrice"] for meter in meters.value if _is_linux(meter, kind)})
        if len(found) == 1:
            return Known(float(found[0]))
        what = f"{kind.lower() or 'on-demand'} price of {machine_type} in {self._region}"
        several = f" ({', '.join(f'{usd:g}' for usd in found)})" if found else ""
        return Unknown(f"the Retail Prices API has {len(found) or 'no'} {what}{several}", "look at Azure's calculator")

    def _meters_of(self, machine_type: str) -> Fact[list[dict[str, Any]]]:
        if late := self._deadline.passed():
            return late
        try:
            return Known(list(self._retail(machine_type)))
        except RestError as error:
            return not_answered("the Retail Prices API", error)

    def _retail(self, machine_type: str) -> Iterator[dict[str, Any]]:
        wanted = {"serviceName": "Virtual Machines", "armRegionName": self._region, "armSkuName": machine_type,
                  "priceType": "Consumption"}  # fmt: skip
        query = " and ".join(f"{name} eq '{value}'" for name, value in wanted.items())
        page = self._api.get("/api/retail/prices", {"api-version": _VERSION, "$filter": query})
        while True:
            yield from page["Items"]
            following = page.get("NextPageLink")
            if not following:
                return
            page = self._api.get(str(following))


def _is_linux(meter: Mapping[str, Any], kind: str) -> bool:
    """Whether a meter is of plain Linux machines by the hour, in US dollars, and of the kind (empty: on demand)."""
    others = [word for word in _OTHER_SKUS if word in meter["skuName"]]
    return (
        others == ([kind] if kind else [])
        and not any(word in meter["productName"] for word in _OTHER_PRODUCTS)
        and (meter["unitOfMeasure"], meter["currencyCode"]) == ("1 Hour", "USD")
    )


def open_prices(region: str, deadline: Deadline) -> RetailPrices:
    """The prices of a region, without credentials; see `scripts.capacity.contract.open_prices`."""
    return RetailPrices(region, Rest(os.environ.get("AZURE_RETAIL_PRICES_ENDPOINT", _ADDRESS), deadline), deadline)
