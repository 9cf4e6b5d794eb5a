"""Azure over HTTP: azure-mgmt-compute and httpx against a local server; only the credential is a stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from aigc.catalog.machines import machines
from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import CapacityType, Cloud, PoolPlan, QuotaPlan, StackPlan
from scripts.capacity.clouds import azure
from scripts.capacity.contract import open_cloud
from scripts.capacity.examine import CapacityReport, PoolReport, examine
from scripts.capacity.facts import Deadline, Known, Unknown
from scripts.capacity.verdict import Outcome
from tests.pure.capacity.azure_server import (
    REGION,
    SUBSCRIPTION,
    Credential,
    Microsoft,
    NoCredential,
    meter,
    sku,
    usage,
)
from tests.pure.capacity.loopback import serving
from tests.pure.plan.stacks_for_tests import add_model, aws, write

CPU_TYPE, GPU_TYPE = "Standard_D8s_v6", "Standard_NC8as_T4_v3"
CPU_FAMILY, GPU_FAMILY = "standardDSv6Family", "Standard NCASv3_T4 Family"


def pool_of(like: PoolPlan, name: str, machine_type: str, capacity: CapacityType, nodes: int) -> PoolPlan:
    row = machines(Cloud.AZURE)[machine_type]
    return like.model_copy(
        update={
            "name": name,
            "machine_type": machine_type,
            "capacity": capacity,
            "min_nodes": 0,
            "max_nodes": nodes,
            "zones": (),
            "vcpus": float(row.vcpus or 0),
            "accelerators_per_node": int(row.accelerator_count or 0),
        }
    )


@pytest.fixture
def plan(tmp_path: Path) -> StackPlan:
    """A plan of Azure put together by hand: pools and quotas are all that is asked about."""
    add_model(tmp_path / "models", "tiny")
    base = resolve(parse_stack_file(write(tmp_path, aws())), "aws-test", tmp_path / "models")
    pools = (
        pool_of(base.pools[0], "platform", CPU_TYPE, CapacityType.ON_DEMAND, 2),
        pool_of(base.pools[1], "t4", GPU_TYPE, CapacityType.SPOT, 2),
    )
    unknown = QuotaPlan(name="the quota of it, unknown", code=None, unit="vCPU", needed=16.0, pools=("platform",))
    region = QuotaPlan(name="Total Regional vCPUs", code="cores", unit="vCPU", needed=16.0, pools=("platform",))
    spot = QuotaPlan(name="Low-priority", code="lowPriorityCores", unit="vCPU", needed=16.0, pools=("t4",))
    changed = {"cloud": Cloud.AZURE, "region": REGION, "pools": pools, "quotas": (unknown, region, spot)}
    return base.model_copy(update=changed)


@pytest.fixture
def microsoft(monkeypatch: pytest.MonkeyPatch) -> Iterator[Microsoft]:
    known = Microsoft(
        usages=[
            usage("cores", 20, 4, "Total Regional vCPUs"),
            usage("lowPriorityCores", 16),
            usage(CPU_FAMILY, 16),
            usage("Standard NCASv3_T4 Family", 8, 0, "Standard NCASv3_T4 Family vCPUs"),
        ],
        skus=[
            {"resourceType": "disks", "name": "Premium_LRS"},
            sku(CPU_TYPE, CPU_FAMILY, ["2", "1"]),
            sku(GPU_TYPE, GPU_FAMILY, ["1", "2", "3"], [
                {"type": "Zone", "reasonCode": "NotAvailableForSubscription", "restrictionInfo": {"zones": ["3"]}},
            ]),
        ],
        meters=[
            meter(CPU_TYPE, 0.403),
            meter(CPU_TYPE, 0.771, product="Virtual Machines Dsv6 Series Windows"),
            meter(CPU_TYPE, 0.08, "Low Priority"),
            meter(GPU_TYPE, 0.752),
            meter(GPU_TYPE, 0.2, "Spot"),
        ],
    )  # fmt: skip
    monkeypatch.setattr(azure, "DefaultAzureCredential", Credential)
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION)
    with serving(known.answer) as server:
        known.url = server.url
        monkeypatch.setenv("AZURE_RESOURCE_MANAGER_ENDPOINT", server.url)
        monkeypatch.setenv("AZURE_RETAIL_PRICES_ENDPOINT", server.url)
        yield known


def report(wanted: StackPlan) -> CapacityReport:
    return examine(wanted, open_cloud(wanted, Deadline(60)))


def pool(whole: CapacityReport, name: str) -> PoolReport:
    return next(one for one in whole.pools if one.pool.name == name)


def about(one: PoolReport, subject: str) -> str:
    return " | ".join(finding.sentence for finding in one.findings if finding.about == subject)


def test_a_stack_that_fits(plan: StackPlan, microsoft: Microsoft) -> None:
    whole = report(plan)
    platform, t4 = pool(whole, "platform"), pool(whole, "t4")
    assert whole.outcome is Outcome.FITS, [one.findings for one in whole.pools]
    assert whole.account == Known(SUBSCRIPTION)
    assert about(platform, "offering") == f"{CPU_TYPE} is sold in 1, 2"
    assert about(t4, "offering") == f"{GPU_TYPE} is sold in 1, 2; not in 3 (NotAvailableForSubscription)"
    # The family is what the SKU says, where the catalog does not know it.
    assert "the quota of it, unknown: 16 vCPU allowed" in about(platform, "quota")
    assert "Total Regional vCPUs (cores): 20 vCPU allowed, 16 needed, 4 in use" in about(platform, "quota")
    assert (platform.on_demand, t4.on_demand, t4.spot) == (Known(0.403), Known(0.752), Known({"*": 0.2}))


def test_a_location_that_the_subscription_may_not_use(plan: StackPlan, microsoft: Microsoft) -> None:
    microsoft.skus[2]["restrictions"] = [
        {"type": "Location", "reasonCode": "NotAvailableForSubscription", "restrictionInfo": {"locations": ["eastus"]}}
    ]
    t4 = pool(report(plan), "t4")
    assert t4.outcome is Outcome.DOES_NOT_FIT
    assert "1 (NotAvailableForSubscription)" in about(t4, "offering")


def test_a_spot_quota_of_zero_is_answered_with_what_fits(plan: StackPlan, microsoft: Microsoft) -> None:
    """On demand the family has 8 vCPU, too few for two nodes; four GPUs in one machine need its quota to be 64."""
    microsoft.usages[1] = usage("lowPriorityCores", 0)
    t4 = pool(report(plan), "t4")
    assert t4.outcome is Outcome.DOES_NOT_FIT
    assert isinstance(t4.alternative, Unknown) and "is known to fit" in t4.alternative.reason
    microsoft.usages[3] = usage("Standard NCASv3_T4 Family", 16)
    microsoft.usages[0] = usage("cores", 64)
    t4 = pool(report(plan), "t4")
    assert isinstance(t4.alternative, Known)
    instead = t4.alternative.value
    assert (instead.pool.machine_type, instead.pool.capacity, instead.usd_per_hour) == (GPU_TYPE, "on_demand", 0.752)


def test_a_call_that_is_not_permitted_leaves_its_facts_unknown(plan: StackPlan, microsoft: Microsoft) -> None:
    microsoft.refused = {"/skus"}
    t4 = pool(report(plan), "t4")
    assert t4.outcome is Outcome.UNKNOWN
    assert "may not Microsoft.Compute/skus/read" in about(t4, "offering")
    assert "16 vCPU allowed" in about(t4, "quota")


def test_two_prices_are_none(plan: StackPlan, microsoft: Microsoft) -> None:
    microsoft.meters.append(meter(CPU_TYPE, 0.5))
    found = pool(report(plan), "platform").on_demand
    assert isinstance(found, Unknown) and "has 2 on-demand price" in found.reason


def test_without_credentials_it_says_what_to_do(
    plan: StackPlan, microsoft: Microsoft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(azure, "DefaultAzureCredential", NoCredential)
    with pytest.raises(UserError, match=r"failed to retrieve a token.*az login"):
        report(plan)


def test_without_a_subscription_it_says_what_to_set(
    plan: StackPlan, microsoft: Microsoft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID")
    with pytest.raises(UserError, match="AZURE_SUBSCRIPTION_ID"):
        open_cloud(plan, Deadline(60))


def test_no_token_is_sent_over_plain_http(
    plan: StackPlan, microsoft: Microsoft, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only loopback is let off; azure-core refuses before anything is sent, so the name is never looked up."""
    monkeypatch.setitem(azure.LIMITS, "retry_total", 0)
    monkeypatch.setenv("AZURE_RESOURCE_MANAGER_ENDPOINT", "http://management.example")
    t4 = pool(report(plan), "t4")
    assert t4.outcome is Outcome.UNKNOWN
    assert "not permitted for non-TLS" in about(t4, "quota")
