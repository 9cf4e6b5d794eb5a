"""Azure for tests: usages and SKUs in the words of azure-mgmt-compute's own models, and the Retail Prices API.

The latter has no published model; its fields are those of its documentation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, get_args, get_type_hints

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.mgmt.compute import models

from tests.pure.capacity.loopback import Answer, Request

SUBSCRIPTION, REGION = "11111111-2222-3333-4444-555555555555", "eastus"
BELOW = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute"
PAGE = 2
"""Rows a page, so that paging is always played."""


class Credential:
    """In place of azure-identity's, which would ask Entra over HTTPS."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("a-token", 4102444800)


class NoCredential:
    def get_token(self, *_: str, **__: Any) -> AccessToken:
        raise ClientAuthenticationError(message="DefaultAzureCredential failed to retrieve a token")


def problems(value: dict[str, Any], model: Any, path: str = "") -> list[str]:
    """Keys that Azure's model does not have."""
    model({})  # a model knows its fields from its first instance on
    fields = {f._rest_name: (name, f) for name, f in model._attr_to_rest_field.items()}
    found = [f"{path}.{key}" for key in value if key not in fields]
    hints = get_type_hints(model, vars(models) | {"_models": models})
    for key in value.keys() & fields.keys():
        below = [
            kind for kind in _kinds(hints[fields[key][0]]) if getattr(kind, "__module__", "") == models.Usage.__module__
        ]
        for item in value[key] if isinstance(value[key], list) else [value[key]]:
            if below and isinstance(item, dict):
                found += problems(item, below[0], f"{path}.{key}")
    return found


def _kinds(hint: Any) -> list[Any]:
    below = [kind for part in get_args(hint) for kind in _kinds(part)]
    return below or [hint]


def usage(name: str, limit: int, used: int = 0, spoken: str = "") -> dict[str, Any]:
    words = {"value": name, "localizedValue": spoken or name}
    return {"unit": "Count", "currentValue": used, "limit": limit, "name": words}


def sku(name: str, family: str, zones: list[str], restrictions: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    places = [{"location": "EastUS", "zones": zones}]
    return {
        "resourceType": "virtualMachines",
        "name": name,
        "family": family,
        "locations": ["eastus"],
        "locationInfo": places,
        "restrictions": restrictions or [],
    }


def meter(machine_type: str, usd: float, kind: str = "", product: str = "Virtual Machines Series") -> dict[str, Any]:
    return {
        "armSkuName": machine_type,
        "armRegionName": REGION,
        "retailPrice": usd,
        "unitOfMeasure": "1 Hour",
        "currencyCode": "USD",
        "skuName": f"{machine_type} {kind}".strip(),
        "productName": product,
        "type": "Consumption",
    }


@dataclass
class Microsoft:
    """What the subscription has; a test bends it before it asks."""

    url: str = ""
    usages: list[dict[str, Any]] = field(default_factory=list)
    skus: list[dict[str, Any]] = field(default_factory=list)
    meters: list[dict[str, Any]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Ends of paths that these credentials may not read."""

    def answer(self, request: Request) -> Answer:
        if any(request.path.endswith(one) for one in self.refused):
            return 403, {"error": {"code": "AuthorizationFailed", "message": "The client may not read this."}}
        if request.path == "/api/retail/prices":
            return self._prices(request)
        assert request.headers["authorization"] == "Bearer a-token"
        lists = {f"{BELOW}/locations/{REGION}/usages": (self.usages, models.Usage),
                 f"{BELOW}/skus": (self.skus, models.ResourceSku)}  # fmt: skip
        rows, model = lists[request.path]
        assert [bad for row in rows for bad in problems(row, model)] == []
        if model is models.ResourceSku:
            assert request.query["$filter"] == f"location eq '{REGION}'"
        return 200, self._page("value", "nextLink", rows, request)

    def _prices(self, request: Request) -> Answer:
        asked = dict(part.split(" eq ") for part in request.query["$filter"].split(" and "))
        assert asked["armRegionName"] == f"'{REGION}'" and asked["priceType"] == "'Consumption'"
        rows = [row for row in self.meters if asked["armSkuName"] == f"'{row['armSkuName']}'"]
        return 200, self._page("Items", "NextPageLink", rows, request)

    def _page(self, key: str, more: str, rows: list[Any], request: Request) -> dict[str, Any]:
        start = int(request.query.get("$skip", 0))
        following = None
        if start + PAGE < len(rows):
            query = "&".join(f"{name}={value}" for name, value in request.query.items() if name != "$skip")
            following = f"{self.url}{request.path}?{query}&$skip={start + PAGE}".replace(" ", "%20")
        return {key: rows[start : start + PAGE], more: following}
