"""What a further cloud has to be: one module, whose every answer may be unknown."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import CapacityType, PoolPlan, QuotaPlan
from scripts.capacity.contract import LiveCloud, clouds_that_answer, clouds_with_prices, prices_from
from scripts.capacity.examine import examine
from scripts.capacity.facts import Fact, Offering, QuotaAnswer, Reserved, Unknown
from scripts.capacity.report import as_json, as_lines
from scripts.capacity.verdict import Outcome
from tests.pure.plan.stacks_for_tests import add_model, aws, write

SILENT = Unknown("this cloud says nothing", "ask another")


class Silent:
    """A whole cloud, in as few lines as there can be."""

    account: Fact[str] = SILENT
    not_asked: tuple[str, ...] = ("anything",)

    def quotas(self, pools: Sequence[PoolPlan], needs: Sequence[QuotaPlan]) -> tuple[QuotaAnswer, ...]:
        return tuple(QuotaAnswer(need, SILENT) for need in needs)

    def offerings(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Offering]]:
        return dict.fromkeys(machine_types, SILENT)

    def reserved(self, pools: Sequence[PoolPlan]) -> Mapping[str, Fact[Reserved]]:
        return {pool.name: SILENT for pool in pools}

    def on_demand(self, machine_types: Sequence[str]) -> Mapping[str, Fact[float]]:
        return dict.fromkeys(machine_types, SILENT)

    def spot(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Mapping[str, float]]]:
        return dict.fromkeys(machine_types, SILENT)


@pytest.mark.parametrize("capacity", list(CapacityType))
def test_a_cloud_that_says_nothing_is_reported_whole(tmp_path: Path, capacity: CapacityType) -> None:
    add_model(tmp_path / "models", "tiny")
    plan = resolve(parse_stack_file(write(tmp_path, aws())), "aws-test", tmp_path / "models")
    l4 = plan.pools[1].model_copy(update={"capacity": capacity})
    cloud: LiveCloud = Silent()
    report = examine(plan.model_copy(update={"pools": (plan.pools[0], l4)}), cloud)
    assert [pool.outcome for pool in report.pools] == [Outcome.UNKNOWN, Outcome.UNKNOWN]
    abouts = ["account", "quota", "offering"] + (["reservation"] if capacity is CapacityType.RESERVED else [])
    assert [finding.about for finding in report.pools[1].findings] == abouts
    places = {pool.name: f"of {pool.name}" for pool in plan.pools}
    whole = as_json(report, "now", places)
    assert whole["verdict"] == "unknown"
    assert [pool["where"] for pool in whole["pools"]] == list(places.values())
    text = "\n".join(line for line, _ in as_lines(report, "now", places))
    assert text.count("→ ask another") == sum(len(pool.findings) for pool in report.pools)


@pytest.mark.parametrize("cloud", clouds_that_answer())
def test_a_module_of_a_cloud_opens_it(cloud: str) -> None:
    module = importlib.import_module(f"scripts.capacity.clouds.{cloud}")
    assert list(inspect.signature(module.open_cloud).parameters) == ["plan", "deadline"]
    assert module.NOT_ASKED and all(sentence == sentence.strip() for sentence in module.NOT_ASKED)


@pytest.mark.parametrize("cloud", clouds_with_prices())
def test_one_that_tells_prices_says_who_told_them(cloud: str) -> None:
    module = importlib.import_module(f"scripts.capacity.clouds.{cloud}")
    assert list(inspect.signature(module.open_prices).parameters) == ["region", "deadline"]
    assert prices_from(cloud) == prices_from(cloud).strip() != ""


def test_googles_api_tells_none() -> None:
    assert clouds_with_prices() == ("aws", "azure")
