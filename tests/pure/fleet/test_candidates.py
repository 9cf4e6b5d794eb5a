"""Which machines are offered and which shares serve, worked out by hand; every other one has its reason."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from aigc.catalog.accelerators import accelerators
from aigc.catalog.kinds import CapacityType
from aigc.catalog.machines import all_machines
from aigc.plan.fleet.batch_times import BatchTimes, NoTimes, batch_times
from aigc.plan.fleet.candidates import candidates_for
from aigc.plan.fleet.offers import offers_for
from aigc.plan.fleet.rejected import Reason
from aigc.plan.fleet.shares import AcceleratorShare, shares_of
from aigc.plan.fleet.wanted import CLOUDS
from tests.pure.fleet.examples import LARGE, SMALL, fleet, half_full, machine, model, served, sharable

WHOLE_LARGE = AcceleratorShare(accelerators()[LARGE])


def times(share: AcceleratorShare, **changed: Any) -> BatchTimes | NoTimes:
    wanted = fleet(model(**changed))
    return batch_times(served(wanted)[0], wanted.models[0].classes[:1], share)


def ms(share: AcceleratorShare, batch: int = 1, **changed: Any) -> float:
    found = times(share, **changed)
    assert isinstance(found, BatchTimes)
    return float(found.ms[batch - 1])


def test_a_partition_has_its_part_of_everything() -> None:
    cut = {share.name: share for share in shares_of(sharable(LARGE), accelerators()[LARGE])}
    assert cut["1g.10gb"].parts == 7 and cut["3g.40gb"].parts == 2 and "7g.80gb" not in cut
    third = cut["3g.40gb"].accelerator
    assert third.memory_gb == 40 and third.memory_bandwidth_gb_s == pytest.approx(2039 / 2)
    assert third.fp16_bf16_dense_tflops == pytest.approx(312 * 3 / 7)
    assert third.accelerator_id != LARGE, "what was measured on the whole one is not of the partition"


def test_taking_turns_takes_as_many_times_as_long_and_parts_the_memory() -> None:
    cut = {share.name: share for share in shares_of(sharable(SMALL), accelerators()[SMALL])}
    quarter = cut["1/4 of the time"]
    assert ms(quarter) == pytest.approx(4 * ms(cut["whole"])) and quarter.parts == 4
    # 24 GB in four parts less 2 GB of weights hold requests of 120 tokens of 0.1 MB.
    found = times(quarter, max_batch=1024, p99_ms=1e9)
    assert isinstance(found, BatchTimes) and len(found.ms) == 256 < 4e9 / 120e5 < 512


def test_only_where_our_pools_can_gpus_are_cut() -> None:
    for row in (machine(LARGE), sharable(LARGE, cloud="aws")):
        assert [share.name for share in shares_of(row, accelerators()[LARGE])] == ["whole"]


def test_between_two_sizes_a_batch_is_not_quicker_than_its_roofline() -> None:
    assert ms(WHOLE_LARGE, 3) >= ms(WHOLE_LARGE, 3, max_batch=3) >= ms(WHOLE_LARGE, 2)


def test_classes_that_share_a_replica_are_as_slow_as_the_longest() -> None:
    wanted = fleet()
    only, both = wanted.models[0].classes[1:], wanted.models[0].classes
    alone, shared = (batch_times(served(wanted)[0], one, WHOLE_LARGE) for one in (only, both))
    assert isinstance(alone, BatchTimes) and isinstance(shared, BatchTimes)
    assert list(alone.ms) == list(shared.ms)


@pytest.mark.parametrize(
    ("changed", "row", "reason", "said"),
    [
        ({}, {"status": "retired 2025-12-20"}, Reason.RETIRED, "retired 2025-12-20"),
        ({"clouds": {"gcp": ["there"]}}, {}, Reason.NOT_SOLD, "in here alone, not in there"),
        ({}, {"usd_per_hour_on_demand": None}, Reason.PRICE, "its price on demand"),
        ({"capacity": ["spot"], "spot_interrupted": 0.1}, {}, Reason.PRICE, "its price spot"),
        ({"capacity": ["reserved"]}, {}, Reason.PRICE, "its price reserved"),
        ({}, {"accelerator_id": None}, Reason.NO_FACTS, "no accelerator"),
        ({}, {"accelerator_id": "unheard-of"}, Reason.NO_FACTS, "has nothing on"),
        ({}, {"accelerator_count": 0.5}, Reason.NO_FACTS, "slice"),
        ({"quotas": {f"{SMALL}-quota": 3}}, {"accelerator_count": 4}, Reason.QUOTA, "the limit is 3"),
        ({"most_watts": 50}, {}, Reason.QUOTA, "one counts 72 W in most_watts, the limit is 50"),
        ({"most_watts": 50}, {"accelerator_id": "tpu-v5e"}, Reason.NO_FACTS, "W it counts in most_watts"),
        ({"quotas": {"cores": 99}}, {"cloud": "azure", "vcpus": None}, Reason.NO_FACTS, "counts in cores"),
    ],
)
def test_a_machine_that_is_no_offer_says_why(
    changed: dict[str, Any], row: dict[str, Any], reason: Reason, said: str
) -> None:
    wanted = fleet().model_copy(update=fleet_keys(changed))
    found = offers_for(wanted, [machine(**row)])
    assert found.offers == () and [one.reason for one in found.rejected] == [reason]
    assert said in found.rejected[0].sentence


def fleet_keys(changed: dict[str, Any]) -> dict[str, Any]:
    read = fleet().model_validate_json(
        fleet().model_copy(update=changed).model_dump_json(exclude_none=True, warnings=False)
    )
    return {key: getattr(read, key) for key in changed}


def test_every_machine_of_the_catalog_is_an_offer_or_has_a_reason() -> None:
    found = offers_for(fleet())
    said = {(one.cloud, one.machine_type) for one in found.rejected}
    offered = {(one.machine.cloud, one.machine.machine_type) for one in found.offers}
    assert not said & offered
    assert said | offered == {(one.cloud, one.machine_type) for one in all_machines() if one.cloud in CLOUDS}
    assert all(one.usd_per_hour > 0 for one in found.offers)
    assert {Reason.RETIRED, Reason.PRICE, Reason.NO_FACTS} <= set(Counter(one.reason for one in found.rejected))


def test_a_share_that_serves_nobody_says_why() -> None:
    heavy = fleet().models[0].work.model_copy(update={"weight_bytes": 30e9})  # type: ignore[union-attr]
    late, large = model("late", p99_ms=1.0), model("large", work=heavy)
    wanted = fleet(late, large)
    found = candidates_for(served(wanted), offers_for(wanted, [machine(SMALL)]).offers, half_full)
    assert found.candidates == ()
    said = {(one.model, one.classes): one for one in found.rejected}
    assert len(said) == 6, "of each model both classes and both together"
    assert said["late", ("short",)].reason is Reason.OBJECTIVE
    assert said["late", ("short",)].least_p99_ms == pytest.approx(ms(AcceleratorShare(accelerators()[SMALL])))
    assert said["large", ("short",)].reason is Reason.MEMORY
    assert said["large", ("short",)].lacking_bytes == pytest.approx(30e9 + 120e5 - 24e9)


def test_of_spot_what_is_interrupted_does_not_count() -> None:
    wanted = fleet(capacity=(CapacityType.ON_DEMAND, CapacityType.SPOT), spot_interrupted=0.25)
    row = machine(usd_per_hour_spot=0.3)
    found = candidates_for(served(wanted), offers_for(wanted, [row]).offers, half_full, 0.25).candidates
    by_capacity = {one.device[2]: one.requests_per_second for one in found if one.group.names == ("short",)}
    assert by_capacity[CapacityType.SPOT] == pytest.approx(0.75 * by_capacity[CapacityType.ON_DEMAND])


def test_rates_are_asked_for_only_when_needed() -> None:
    asked: list[float] = []

    def counted(batch_ms: Any, p99_ms: float) -> float:
        asked.append(p99_ms)
        return half_full(batch_ms, p99_ms)

    wanted = fleet()
    (one, *_) = candidates_for(served(wanted), offers_for(wanted, [machine()]).offers, counted).candidates
    assert not asked and not one.known
    assert math.isclose(one.requests_per_second, one.requests_per_second) and asked == [2000.0]
    assert one.requests_per_second <= one.most_per_second
