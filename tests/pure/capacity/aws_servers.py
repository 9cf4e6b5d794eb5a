"""AWS for tests: moto's HTTP server, and beside it what moto does not know: the quotas of EC2 and the price list.

Both are found by the SDK's own variables. What the second server answers is checked against botocore's model of the
service, so that a field it does not have, or of another type, fails the test that wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.session import get_session
from botocore.validate import validate_parameters
from moto.server import ThreadedMotoServer

from tests.pure.capacity.loopback import Answer, Loopback, Request, serving

ACCOUNT = "123456789012"
"""The account that moto's credentials are of."""
PAGE = 2
"""Rows a page, so that paging is always played."""


def quota(code: str, limit: float, name: str = "", metric: bool = False) -> dict[str, Any]:
    used = {
        "MetricNamespace": "AWS/Usage",
        "MetricName": "ResourceCount",
        "MetricDimensions": {"Service": "EC2", "Resource": "vCPU", "Type": "Resource", "Class": code},
        "MetricStatisticRecommendation": "Maximum",
    }
    row = {"ServiceCode": "ec2", "QuotaCode": code, "QuotaName": name or code, "Value": limit}
    return row | ({"UsageMetric": used} if metric else {})


def product(usd: float, unit: str = "Hrs") -> str:
    dimension = {"unit": unit, "pricePerUnit": {"USD": f"{usd:.10f}"}}
    return json.dumps({"product": {}, "terms": {"OnDemand": {"a": {"priceDimensions": {"b": dimension}}}}})


@dataclass
class Account:
    """What the second server knows; a test bends it before it asks."""

    applied: dict[str, dict[str, Any]] = field(default_factory=dict)
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)
    products: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """(machine type, region) -> products."""
    denied: set[str] = field(default_factory=set)
    throttled: dict[str, int] = field(default_factory=dict)
    """Operation -> how many times it is throttled before it answers."""

    def answer(self, request: Request) -> Answer:
        prefix, operation = request.headers["x-amz-target"].split(".")
        if operation in self.denied:
            return 400, {"__type": "AccessDeniedException", "Message": "no"}
        if self.throttled.get(operation, 0):
            self.throttled[operation] -= 1
            return 400, {"__type": "TooManyRequestsException", "Message": "slow down"}
        status, body = _OPERATIONS[operation](self, request.json())
        if status == 200:
            service = "pricing" if prefix == "AWSPriceListService" else "service-quotas"
            shape = get_session().get_service_model(service).operation_model(operation).output_shape
            validate_parameters(body, shape)
        return status, body

    def get(self, asked: Mapping[str, Any]) -> Answer:
        return self._one(self.applied, asked)

    def get_default(self, asked: Mapping[str, Any]) -> Answer:
        return self._one(self.defaults, asked)

    def _one(self, rows: Mapping[str, dict[str, Any]], asked: Mapping[str, Any]) -> Answer:
        if asked["ServiceCode"] == "ec2" and asked["QuotaCode"] in rows:
            return 200, {"Quota": rows[asked["QuotaCode"]]}
        return 400, {"__type": "NoSuchResourceException", "Message": "there is none"}

    def list_all(self, asked: Mapping[str, Any]) -> Answer:
        return self._page(list(self.applied.values()), asked, "Quotas")

    def get_products(self, asked: Mapping[str, Any]) -> Answer:
        wanted = {one["Field"]: one["Value"] for one in asked["Filters"]}
        plain = {"operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used"}
        assert plain.items() <= wanted.items()
        rows = self.products.get((wanted["instanceType"], wanted["regionCode"]), [])
        return self._page(rows, asked, "PriceList")

    def _page(self, rows: list[Any], asked: Mapping[str, Any], key: str) -> Answer:
        start = int(asked.get("NextToken", 0))
        more = {"NextToken": str(start + PAGE)} if start + PAGE < len(rows) else {}
        return 200, {key: rows[start : start + PAGE], **more}


_OPERATIONS: dict[str, Callable[[Account, Mapping[str, Any]], Answer]] = {
    "GetServiceQuota": Account.get,
    "GetAWSDefaultServiceQuota": Account.get_default,
    "ListServiceQuotas": Account.list_all,
    "GetProducts": Account.get_products,
}


@contextmanager
def moto() -> Iterator[str]:
    """moto's server on a free port of loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def second(account: Account) -> Iterator[Loopback]:
    with serving(account.answer, "application/x-amz-json-1.1") as server:
        yield server


def point_at(monkeypatch: pytest.MonkeyPatch, moto_url: str, second_url: str) -> None:
    """Nothing but the SDK's own variables; no file of the person who runs the test is read."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SERVICE_QUOTAS", second_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", second_url)


def moto_client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",  # noqa: S106 - moto's
    )
