"""The verb as a person runs it, on the repository's own stack `aws-dev`, with credentials of its account."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest

from aigc.config.stacks import PROJECT_ROOT
from scripts.__main__ import main
from scripts.capacity.contract import clouds_that_answer
from tests.pure.capacity.aws_servers import Account, moto_client, product, quota

STACK_ACCOUNT = "111122223333"


@pytest.fixture
def of_the_stack(account: Account, moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Account:
    """moto gives out credentials of another account by a role of it."""
    account.products["m6a.xlarge", "us-east-1"] = [product(0.1728)]
    role = f"arn:aws:iam::{STACK_ACCOUNT}:role/looks"
    assumed = moto_client("sts", moto_url).assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", assumed["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", assumed["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", assumed["SessionToken"])
    return account


def answered(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_stack_that_fits_ends_with_0(of_the_stack: Account, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", "aws-dev"]) == 0
    text = capsys.readouterr().out
    assert "✓ stack aws-dev: fits" in text
    assert "✓ pool l4-spot: fits (0 to 2 x g6.2xlarge, spot)" in text
    assert "on demand: $0.9776 an hour, as in the catalog" in text


def test_the_commands_of_the_readme(of_the_stack: Account, capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"^python -m scripts (capacity .*)$", (PROJECT_ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(commands) == 2
    assert [main(shlex.split(command)) for command in commands] == [0, 0]


def test_one_that_does_not_ends_with_1_and_json_says_why(
    of_the_stack: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    of_the_stack.applied["L-3819A6DF"] = quota("L-3819A6DF", 8.0)
    of_the_stack.applied["L-DB2E81BA"] = quota("L-DB2E81BA", 16.0)
    assert main(["capacity", "aws-dev", "--format", "json"]) == 1
    whole = answered(capsys)
    assert (whole["format"], whole["stack"], whole["verdict"]) == (1, "aws-dev", "does not fit")
    assert whole["account"]["value"].startswith(STACK_ACCOUNT)
    l4 = next(pool for pool in whole["pools"] if pool["name"] == "l4-spot")
    assert [reason["verdict"] for reason in l4["reasons"]] == ["does not fit", "fits"]
    assert l4["alternative"]["value"] == {
        "machine_type": "g6.2xlarge",
        "capacity": "on_demand",
        "nodes": {"min": 0, "max": 2},
        "usd_per_hour": 0.9776,
        "usd_per_hour_at_most": 1.9552,
    }
    spot = next(one for one in whole["quotas"] if one["code"] == "L-3819A6DF")
    assert (spot["needed"], spot["live"]["value"]["limit"]) == (16.0, 8.0)
    assert main(["capacity", "aws-dev"]) == 1
    assert "instead: 2 x g6.2xlarge, on_demand, would fit: $0.9776 an hour each" in capsys.readouterr().out


def test_a_quota_of_zero_is_named_with_its_place_and_its_code(
    of_the_stack: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    of_the_stack.applied["L-3819A6DF"] = quota("L-3819A6DF", 0.0)
    assert main(["capacity", "aws-dev"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "✗ pool l4-spot: does not fit" in said
    assert re.search(r"stacks/Pulumi\.aws-dev\.yaml:\d+: aigc:stack\.pools\.l4-spot ", said)
    assert "(L-3819A6DF): 0 vCPU allowed, 16 needed" in said
    assert main(["capacity", "aws-dev", "--format", "json"]) == 1
    (l4,) = [pool for pool in answered(capsys)["pools"] if pool["verdict"] == "does not fit"]
    assert re.fullmatch(r"stacks/Pulumi\.aws-dev\.yaml:\d+: aigc:stack\.pools\.l4-spot", l4["where"])


def test_what_is_unknown_is_no_yes(of_the_stack: Account, capsys: pytest.CaptureFixture[str]) -> None:
    of_the_stack.denied = {"GetServiceQuota"}
    assert main(["capacity", "aws-dev", "--format", "json"]) == 1
    whole = answered(capsys)
    assert whole["verdict"] == "unknown"
    assert "servicequotas:GetServiceQuota" in whole["quotas"][0]["live"]["way_out"]
    assert {pool["alternative"] for pool in whole["pools"]} == {None}


@pytest.mark.parametrize(
    ("stack", "says"),
    [("aws-dev", "the stack is for 111122223333"), ("local", "its nodes are there already"), ("nowhere", "nowhere")],
)
def test_bad_input_ends_with_2(account: Account, capsys: pytest.CaptureFixture[str], stack: str, says: str) -> None:
    """moto's own credentials are of another account than the stack."""
    assert main(["capacity", stack]) == 2
    captured = capsys.readouterr()
    assert says in captured.err and "Traceback" not in captured.err
    assert captured.out == ""


def test_clouds_are_found_by_their_place() -> None:
    assert clouds_that_answer() == ("aws", "azure", "gcp")
