"""What Karpenter may choose from is what the catalog knows, and no guess."""

from __future__ import annotations

import re

import pytest

from aigc.catalog.machines import machines
from aigc.plan.room import room_of_node
from aigc.plan.stack_plan import StackPlan
from tests.fleets.karpenter.offers import PROVIDER_KEEPS_MIB, offers


def test_a_pools_machine_has_the_room_that_the_plan_counts_on(dev: StackPlan) -> None:
    (pool,) = [one for one in dev.pools if one.karpenter]
    (offer,) = [one for one in offers(dev) if one["name"] == pool.machine_type]
    _, memory_mib = room_of_node(dev, pool)
    resources = offer["resources"]
    assert memory_mib is not None
    assert resources["memory"] == f"{memory_mib + PROVIDER_KEEPS_MIB}Mi"
    assert float(resources["cpu"]) == pool.vcpus, "a NodePool's limit counts what is sold"
    assert (resources["nvidia.com/gpu"], resources["pods"]) == ("1", str(machines("aws")[pool.machine_type].max_pods))
    assert resources["ephemeral-storage"] == f"{pool.disk_gib}Gi"


def test_each_is_offered_once_a_zone_and_way_of_paying(dev: StackPlan) -> None:
    for offer in offers(dev):
        wanted = [tuple(one["values"][0] for one in each["Requirements"]) for each in offer["offerings"]]
        assert sorted(wanted) == [(way, zone) for way in ("on-demand", "spot") for zone in dev.cluster.zones]


def test_prices_are_the_catalogs_and_a_spot_price_that_nobody_knows_is_bounded_by_the_other(dev: StackPlan) -> None:
    for offer in offers(dev):
        row = machines("aws")[offer["name"]]
        prices = {one["Requirements"][0]["values"][0]: one["Price"] for one in offer["offerings"]}
        assert prices["on-demand"] == row.usd_per_hour_on_demand
        assert prices["spot"] == (row.usd_per_hour_spot or row.usd_per_hour_on_demand)


def test_there_is_more_to_choose_from_than_the_pools_want(dev: StackPlan) -> None:
    found = {one["name"]: one for one in offers(dev)}
    assert len(found) > 50
    assert sum("nvidia.com/gpu" in one["resources"] for one in found.values()) > 10
    assert found["c8g.8xlarge"]["architecture"] == "arm64"
    names = {key for one in found.values() for key in one["resources"]}
    assert all(re.fullmatch(r"[a-z0-9./-]+", name) for name in names), names


def test_a_pools_machine_of_unknown_price_is_no_guess(dev: StackPlan) -> None:
    unknown = next(row.machine_type for row in machines("aws").values() if row.usd_per_hour_on_demand is None)
    pools = tuple(pool.model_copy(update={"machine_type": unknown}) if pool.karpenter else pool for pool in dev.pools)
    with pytest.raises(ValueError, match=re.escape(f"nobody knows size and price of {unknown}")):
        offers(dev.model_copy(update={"pools": pools}))
