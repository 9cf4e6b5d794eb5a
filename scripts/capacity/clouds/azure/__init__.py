"""Azure: usages and SKUs by azure-mgmt-compute; prices are public, and asked for without it (`retail_prices`).

Credentials are azure-identity's, from the environment, a workload's identity or `az login`. Needed permissions:
Microsoft.Compute/locations/usages/read and Microsoft.Compute/skus/read on the subscription; the role Reader has them.
AZURE_RESOURCE_MANAGER_ENDPOINT is another address of theirs.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.compute.models import ResourceSku

from aigc.catalog.faults import fail
from aigc.plan.stack_plan import PoolPlan, QuotaPlan, StackPlan
from scripts.capacity.clouds.azure.retail_prices import PRICES_FROM, RetailPrices, open_prices
from scripts.capacity.facts import Deadline, Fact, Known, LiveQuota, Offering, QuotaAnswer, Reserved, T, Unknown
from scripts.capacity.rest import RestError, not_answered

__all__ = ["NOT_ASKED", "PRICES_FROM", "Azure", "open_cloud", "open_prices"]

NOT_ASKED = (
    "whether a machine can be had this minute: Azure tells only when one is started; a capacity reservation keeps it",
    "prices of an agreement: the Retail Prices API knows list prices only",
)
_USAGES, _SKUS = "Microsoft.Compute/locations/usages/read", "Microsoft.Compute/skus/read"
_WAY_IN = (
    "run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (or AZURE_FEDERATED_TOKEN_FILE)"
)
LIMITS: dict[str, Any] = {"retry_total": 4, "connection_timeout": 5, "read_timeout": 20}
"""azure-core's own retries, which wait as long as Azure asks; its default is ten."""


class Azure:
    """One subscription in one region."""

    def __init__(
        self, subscription: str, region: str, client: ComputeManagementClient, prices: RetailPrices, deadline: Deadline
    ) -> None:
        self._subscription, self._region, self._client = subscription, region, client
        self._prices, self._deadline = prices, deadline
        # Each is one paged question about everything of the region.
        self._usages = cache(lambda: self._ask(_USAGES, self._all_usages))
        self._skus = cache(lambda: self._ask(_SKUS, self._all_skus))

    @property
    def account(self) -> Fact[str]:
        """The subscription; that the credentials see it is known once it has said what is used of its quotas."""
        usages = self._usages()
        return usages if isinstance(usages, Unknown) else Known(self._subscription)

    @property
    def not_asked(self) -> tuple[str, ...]:
        """See `NOT_ASKED`."""
        return NOT_ASKED

    def _ask(self, permission: str, call: Callable[[], T]) -> Fact[T]:
        if late := self._deadline.passed():
            return late
        try:
            return Known(call())
        except ClientAuthenticationError as error:
            raise fail("Azure credentials", _first_line(error), _WAY_IN) from None
        except HttpResponseError as error:
            return not_answered(permission, RestError(error.status_code, _first_line(error)))
        except AzureError as error:
            return not_answered(permission, RestError(None, _first_line(error)))

    def _all_usages(self) -> dict[str, LiveQuota]:
        found = {}
        for usage in self._client.usage.list(self._region, **_plain_http_on_loopback()):
            live = LiveQuota(float(usage.limit), float(usage.current_value))
            for name in (usage.name.value, usage.name.localized_value):
                if name:
                    found[_folded(name)] = live
        return found

    def _all_skus(self) -> dict[str, ResourceSku]:
        listed = self._client.resource_skus.list(filter=f"location eq '{self._region}'", **_plain_http_on_loopback())
        return {sku.name: sku for sku in listed if sku.resource_type == "virtualMachines" and sku.name}

    def quotas(self, pools: Sequence[PoolPlan], needs: Sequence[QuotaPlan]) -> tuple[QuotaAnswer, ...]:
        """Of the region and of families: by code, by the catalog's name, else by the family that Azure says."""
        types = {pool.name: pool.machine_type for pool in pools}
        return tuple(QuotaAnswer(need, self._quota(need, types)) for need in needs)

    def _quota(self, need: QuotaPlan, types: Mapping[str, str]) -> Fact[LiveQuota]:
        usages, skus = self._usages(), self._skus()
        if isinstance(usages, Unknown):
            return usages
        names = [need.code, need.name]
        if isinstance(skus, Known):
            sku = skus.value.get(types[need.pools[0]])
            names.append(sku.family if sku else None)
        for name in names:
            if name and _folded(name) in usages.value:
                return Known(usages.value[_folded(name)])
        return Unknown(
            f"Azure lists no quota of this name in {self._region}",
            f"`az vm list-usage --location {self._region}` has those there are; "
            "its name belongs into infra/aigc/catalog/machines.yaml",
        )

    def offerings(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Offering]]:
        """Zones by the numbers of this subscription; a restriction is a zone that this subscription gets none in."""
        skus = self._skus()
        if isinstance(skus, Unknown):
            return dict.fromkeys(machine_types, skus)
        return {name: Known(_offering(skus.value.get(name), self._region)) for name in machine_types}

    def reserved(self, pools: Sequence[PoolPlan]) -> Mapping[str, Fact[Reserved]]:
        """Not asked: AKS takes a group of reservations, which no plan can name."""
        why = Unknown("groups of capacity reservations are not asked about", "`az capacity reservation group list`")
        return dict.fromkeys((pool.name for pool in pools), why)

    def on_demand(self, machine_types: Sequence[str]) -> Mapping[str, Fact[float]]:
        """The list price of each."""
        return self._prices.on_demand(machine_types)

    def spot(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Mapping[str, float]]]:
        """One price a region."""
        return self._prices.spot(machine_types)


def _offering(sku: ResourceSku | None, region: str) -> Offering:
    if sku is None:
        return Offering()
    places = [place for place in sku.location_info or () if _folded(place.location or "") == _folded(region)]
    zones = sorted(zone for place in places for zone in place.zones or ()) or [region]
    refused: dict[str, str] = {}
    for restriction in sku.restrictions or ():
        of_zones = restriction.restriction_info.zones if restriction.restriction_info else None
        reason = str(getattr(restriction.reason_code, "value", restriction.reason_code))
        refused |= dict.fromkeys(of_zones or zones, reason)
    return Offering(dict.fromkeys(zones, ""), refused)


def _folded(name: str) -> str:
    """Azure writes one name in several ways: compared without case and blanks."""
    return name.replace(" ", "").casefold()


def _first_line(error: AzureError) -> str:
    return str(error).strip().splitlines()[0]


def _endpoint() -> str | None:
    return os.environ.get("AZURE_RESOURCE_MANAGER_ENDPOINT")


def _plain_http_on_loopback() -> dict[str, Any]:
    """azure-core sends no token over plain HTTP; a server on this very machine is let off."""
    return {"enforce_https": False} if urlsplit(_endpoint() or "").hostname in {"127.0.0.1", "localhost"} else {}


def _subscription(plan: StackPlan) -> str:
    """The plan's own where it has one, else the SDK's usual variable."""
    if found := plan.azure.subscription if plan.azure else os.environ.get("AZURE_SUBSCRIPTION_ID"):
        return str(found)
    raise fail("AZURE_SUBSCRIPTION_ID", "is not set", "set it to the id that `az account show` prints")


def open_cloud(plan: StackPlan, deadline: Deadline) -> Azure:
    """Azure as the subscription sees it; see `scripts.capacity.contract.open_cloud`."""
    # Which of its ten ways in failed is in the error, too.
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    subscription = _subscription(plan)
    more: dict[str, Any] = dict(LIMITS)
    if endpoint := _endpoint():
        more |= {"base_url": endpoint, "credential_scopes": [f"{endpoint}/.default"]}
    client = ComputeManagementClient(DefaultAzureCredential(), subscription, **more)
    region = plan.region or ""
    return Azure(subscription, region, client, open_prices(region, deadline), deadline)
