"""AWS over HTTP: boto3 against moto's server, and against a second one for what moto does not know (quotas, prices)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from botocore.stub import Stubber

from aigc.catalog.faults import UserError
from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import CapacityType, StackPlan
from scripts.capacity.clouds.aws.access import Access
from scripts.capacity.clouds.aws.reservations import reserved
from scripts.capacity.contract import open_cloud
from scripts.capacity.examine import CapacityReport, PoolReport, examine
from scripts.capacity.facts import Deadline, Fact, Known, Reserved, T, Unknown
from scripts.capacity.verdict import Outcome
from tests.pure.capacity.aws_servers import ACCOUNT, Account, moto_client, product, quota
from tests.pure.plan.stacks_for_tests import add_model, aws, write


def plan(folder: Path, **more: Any) -> StackPlan:
    repository = folder / "models"
    if not repository.exists():
        add_model(repository, "tiny")
    return resolve(parse_stack_file(write(folder, aws(account=ACCOUNT) | more)), "aws-test", repository)


def report(wanted: StackPlan, seconds: float = 60) -> CapacityReport:
    return examine(wanted, open_cloud(wanted, Deadline(seconds)))


def pool(whole: CapacityReport, name: str) -> PoolReport:
    return next(one for one in whole.pools if one.pool.name == name)


def about(one: PoolReport, subject: str) -> str:
    return " | ".join(finding.sentence for finding in one.findings if finding.about == subject)


def test_a_stack_that_fits(tmp_path: Path, account: Account) -> None:
    whole = report(plan(tmp_path))
    l4 = pool(whole, "l4")
    assert whole.outcome is Outcome.FITS, [one.findings for one in whole.pools]
    assert isinstance(whole.account, Known) and whole.account.value.startswith(ACCOUNT)
    # Ids as EC2 has them in every account: moto's us-east-1 is a recording.
    assert about(l4, "offering") == "g6.2xlarge is sold in us-east-1a (use1-az6), us-east-1b (use1-az1)"
    assert "16 vCPU allowed, 16 needed" in about(l4, "quota")
    assert (l4.on_demand, l4.catalog_on_demand) == (Known(0.9776), 0.9776)
    assert isinstance(l4.spot, Known) and set(l4.spot.value) >= {"us-east-1a", "us-east-1b"}
    assert pool(whole, "platform").on_demand == Known(0.357)  # a capacity block of 0 dollars is no price


def test_a_quota_of_zero_names_what_would_fit_instead(tmp_path: Path, account: Account) -> None:
    account.applied["L-3819A6DF"] = quota("L-3819A6DF", 0.0)
    account.applied["L-DB2E81BA"] = quota("L-DB2E81BA", 32.0)
    account.products["g6e.2xlarge", "us-east-1"] = [product(2.0)]
    l4 = pool(report(plan(tmp_path)), "l4")
    assert l4.outcome is Outcome.DOES_NOT_FIT
    assert "0 vCPU allowed, 16 needed" in about(l4, "quota")
    assert "--quota-code L-3819A6DF --region us-east-1 --desired-value 16" in l4.findings[0].way_out
    assert isinstance(l4.alternative, Known)
    instead = l4.alternative.value
    assert (instead.pool.machine_type, instead.pool.capacity) == ("g6.2xlarge", "on_demand")
    assert (instead.usd_per_hour, instead.usd_per_hour_at_most) == (0.9776, 2 * 0.9776)


def test_a_shared_quota_counts_the_whole_stack(tmp_path: Path, account: Account) -> None:
    """Each pool alone would fit; together they do not, and both are told."""
    platform = {"machine_type": "c7i.2xlarge", "min_nodes": 1}
    pools = {"platform": platform, "more": {"machine_type": "c7a.8xlarge", "max_nodes": 2}}
    account.applied["L-1216C47A"] = quota("L-1216C47A", 64.0)
    whole = report(plan(tmp_path, pools=pools))
    assert [one.outcome for one in whole.pools] == [Outcome.DOES_NOT_FIT, Outcome.DOES_NOT_FIT]
    assert "72 needed" in about(whole.pools[1], "quota")


def test_without_an_applied_quota_the_default_counts(tmp_path: Path, account: Account) -> None:
    del account.applied["L-3819A6DF"]
    account.defaults["L-3819A6DF"] = quota("L-3819A6DF", 8.0)
    l4 = pool(report(plan(tmp_path)), "l4")
    assert l4.outcome is Outcome.DOES_NOT_FIT
    assert "AWS's default" in about(l4, "quota")


@pytest.mark.parametrize(("used", "outcome"), [(16.0, Outcome.FITS), (56.0, Outcome.FITS), (57.0, Outcome.UNKNOWN)])
def test_what_is_in_use_may_be_the_stacks_own(
    tmp_path: Path, account: Account, moto_url: str, used: float, outcome: Outcome
) -> None:
    row = quota("L-1216C47A", 64.0, metric=True)
    metric = row["UsageMetric"]
    metric["MetricDimensions"]["Resource"] = f"vCPU-{used:g}"  # moto keeps samples from one case to the next
    account.applied["L-1216C47A"] = row
    sample = {
        "MetricName": metric["MetricName"],
        "Dimensions": [{"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()],
    }
    now = datetime.now(UTC)
    older = sample | {"Value": 1.0, "Timestamp": now - timedelta(minutes=30)}
    newer = sample | {"Value": used, "Timestamp": now - timedelta(minutes=6)}
    moto_client("cloudwatch", moto_url).put_metric_data(Namespace="AWS/Usage", MetricData=[older, newer])
    platform = pool(report(plan(tmp_path)), "platform")
    assert platform.outcome is outcome
    assert f"{used:g} in use" in about(platform, "quota")


def test_a_quota_without_a_code_is_found_by_its_name(tmp_path: Path, account: Account) -> None:
    """The list has pages of two rows; the name is on the second."""
    wanted = plan(tmp_path)
    named = [need.model_copy(update={"code": None}) for need in wanted.quotas]
    account.applied["L-0"] = quota("L-0", 1.0)
    account.applied["L-3819A6DF"]["QuotaName"] = "All G and VT Spot Instance Requests"
    account.applied = dict(reversed(account.applied.items()))
    answers = open_cloud(wanted, Deadline(60)).quotas(wanted.pools, named)
    assert isinstance(answers[1].live, Known) and answers[1].live.value.limit == 16.0
    assert isinstance(answers[0].live, Unknown) and "lists none of this name" in answers[0].live.reason


def test_a_machine_that_no_zone_of_the_pool_has(tmp_path: Path, account: Account) -> None:
    """trn1 is in us-east-1c and f alone; a pool of it cannot be planned, so the plan's pool is renamed."""
    wanted = plan(tmp_path)
    l4 = wanted.pools[1].model_copy(update={"machine_type": "trn1.2xlarge"})
    whole = report(wanted.model_copy(update={"pools": (wanted.pools[0], l4)}))
    finding = pool(whole, "l4").findings[-1]
    assert finding.outcome is Outcome.DOES_NOT_FIT
    assert finding.sentence == "trn1.2xlarge can be had in none of us-east-1a, us-east-1b"
    assert finding.way_out == "name another zone: us-east-1c, us-east-1f"


class OnlyEc2:
    """An access whose EC2 client is botocore's stubber's: moto has no DescribeCapacityReservations."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str) -> Any:
        return {"ec2": self._client}[service]

    def ask(self, _: str, call: Callable[[], T]) -> Fact[T]:
        return Known(call())


def test_what_is_reserved(tmp_path: Path, moto_url: str) -> None:
    """Two pages; the stubber checks both the question and the answers against botocore's model."""
    pool = plan(tmp_path).pools[1].model_copy(update={"capacity": CapacityType.RESERVED})
    client = moto_client("ec2", moto_url)
    asked: dict[str, Any] = {
        "Filters": [
            {"Name": "instance-type", "Values": ["g6.2xlarge"]},
            {"Name": "state", "Values": ["active"]},
        ]
    }

    def row(zone: str, total: int, free: int) -> dict[str, Any]:
        return {"AvailabilityZone": zone, "TotalInstanceCount": total, "AvailableInstanceCount": free}

    with Stubber(client) as stubber:
        first = {"CapacityReservations": [row("us-east-1a", 2, 1), row("us-east-1b", 1, 0)], "NextToken": "more"}
        stubber.add_response("describe_capacity_reservations", first, asked)
        second = {"CapacityReservations": [row("us-east-1a", 3, 3)]}
        stubber.add_response("describe_capacity_reservations", second, asked | {"NextToken": "more"})
        found = reserved(cast(Access, OnlyEc2(client)), pool)
    assert found == Known(Reserved({"us-east-1a": (5, 4), "us-east-1b": (1, 0)}))


def test_a_call_that_is_not_permitted_leaves_one_fact_unknown(tmp_path: Path, account: Account) -> None:
    account.denied = {"GetProducts"}
    whole = report(plan(tmp_path))
    l4 = pool(whole, "l4")
    assert isinstance(l4.on_demand, Unknown)
    assert l4.on_demand.way_out == "allow the IAM action pricing:GetProducts"
    assert whole.outcome is Outcome.FITS  # a price decides nothing
    account.denied = {"GetServiceQuota"}
    whole = report(plan(tmp_path))
    assert whole.outcome is Outcome.UNKNOWN
    assert "may not servicequotas:GetServiceQuota" in about(pool(whole, "l4"), "quota")
    assert isinstance(pool(whole, "l4").on_demand, Known)


@pytest.fixture
def rights_count(moto_url: str) -> Iterator[None]:
    """moto looks at policies only from here on."""
    httpx.post(f"{moto_url}/moto-api/reset-auth", content=b"0").raise_for_status()
    yield
    httpx.post(f"{moto_url}/moto-api/reset-auth", content=b"inf").raise_for_status()


def test_a_user_with_too_few_rights(
    tmp_path: Path, account: Account, moto_url: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """A real user with a real policy: sold where is not to be seen, spot prices are."""
    iam = moto_client("iam", moto_url)
    iam.create_user(UserName="looker")
    allowed = {"Effect": "Allow", "Action": ["ec2:DescribeSpotPriceHistory", "sts:GetCallerIdentity"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="looker", PolicyName="look", PolicyDocument=document)
    key = iam.create_access_key(UserName="looker")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    request.getfixturevalue("rights_count")
    l4 = pool(report(plan(tmp_path)), "l4")
    assert l4.outcome is Outcome.UNKNOWN
    assert "may not ec2:DescribeInstanceTypeOfferings" in about(l4, "offering")
    assert isinstance(l4.spot, Known)


def test_throttled_calls_are_asked_again(tmp_path: Path, account: Account) -> None:
    account.throttled = {"GetServiceQuota": 2}
    assert report(plan(tmp_path)).outcome is Outcome.FITS
    assert account.throttled["GetServiceQuota"] == 0


def test_after_the_time_limit_nothing_is_asked(tmp_path: Path, account: Account) -> None:
    whole = report(plan(tmp_path), seconds=0.0)
    assert whole.outcome is Outcome.UNKNOWN
    assert "were over before this one" in about(pool(whole, "l4"), "quota")


def test_credentials_of_another_account_are_refused(tmp_path: Path, account: Account) -> None:
    with pytest.raises(UserError, match=rf"are of account {ACCOUNT}.*, the stack is for 999999999999"):
        open_cloud(plan(tmp_path, account="999999999999"), Deadline(60))


def test_without_credentials_it_says_what_to_do(
    tmp_path: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UserError, match=r"there are none here.*AWS_PROFILE"):
        open_cloud(plan(tmp_path), Deadline(60))


def test_a_region_that_does_not_answer_is_no_traceback(
    tmp_path: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:9")
    l4 = pool(report(plan(tmp_path)), "l4")
    assert l4.outcome is Outcome.UNKNOWN
    assert "ec2:DescribeInstanceTypeOfferings was not answered" in about(l4, "offering")
    assert isinstance(l4.on_demand, Known)
