"""EC2's quotas, by code where the catalog has it, else by the name that AWS itself lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from aigc.plan.stack_plan import QuotaPlan
from scripts.capacity.clouds.aws.access import Access
from scripts.capacity.facts import Fact, Known, LiveQuota, Unknown

SERVICE = "ec2"
_USE_PERIOD_SECONDS = 300
_USE_WINDOW = timedelta(hours=1)
"""AWS/Usage has a sample every five minutes while anything is used; an hour bridges late ones."""

_RAISE = (
    "aws service-quotas request-service-quota-increase --service-code ec2 --quota-code {code} --region {region} "
    "--desired-value {{}}"
)


class ServiceQuotas:
    """Each quota is asked for once."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._asked: dict[tuple[str | None, str], Fact[LiveQuota]] = {}
        self._codes: Fact[Mapping[str, str]] | None = None

    def ask(self, need: QuotaPlan) -> Fact[LiveQuota]:
        """Limit and use of one quota."""
        key = need.code, need.name
        if key not in self._asked:
            self._asked[key] = self._ask(need)
        return self._asked[key]

    def _ask(self, need: QuotaPlan) -> Fact[LiveQuota]:
        code = Known(need.code) if need.code else self._code_of(need.name)
        if isinstance(code, Unknown):
            return code
        asked = self._access.ask("servicequotas:GetServiceQuota", lambda: self._applied(code.value))
        if isinstance(asked, Unknown):
            return asked
        raw, note = asked.value, ""
        if raw is None:
            default = self._access.ask("servicequotas:GetAWSDefaultServiceQuota", lambda: self._default(code.value))
            if isinstance(default, Unknown):
                return default
            raw, note = default.value, "AWS's default: none was ever applied to this account"
        if "Value" not in raw:
            return Unknown(f"Service Quotas has no value for {code.value}", "look at it in the console")
        used, gap = self._used(raw.get("UsageMetric"))
        notes = "; ".join(part for part in (note, gap) if part)
        raised_by = _RAISE.format(code=code.value, region=self._access.region)
        return Known(LiveQuota(float(raw["Value"]), used, notes, raised_by))

    def _applied(self, code: str) -> dict[str, Any] | None:
        """The quota as applied to the account; None where it has only the default."""
        try:
            answer = self._access.client("service-quotas").get_service_quota(ServiceCode=SERVICE, QuotaCode=code)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchResourceException":
                return None
            raise
        return dict(answer["Quota"])

    def _default(self, code: str) -> dict[str, Any]:
        client = self._access.client("service-quotas")
        return dict(client.get_aws_default_service_quota(ServiceCode=SERVICE, QuotaCode=code)["Quota"])

    def _code_of(self, name: str) -> Fact[str]:
        """The catalog has no code for some families' spot quotas; AWS's list of all names has."""
        if self._codes is None:
            self._codes = self._access.ask("servicequotas:ListServiceQuotas", self._list)
        if isinstance(self._codes, Unknown):
            return self._codes
        if name in self._codes.value:
            return Known(self._codes.value[name])
        return Unknown(
            "the catalog has no code for it, and AWS lists none of this name",
            "find it in the console of Service Quotas; its code belongs into infra/aigc/catalog/machines.yaml",
        )

    def _list(self) -> dict[str, str]:
        pages = self._access.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode=SERVICE)
        return {quota["QuotaName"]: quota["QuotaCode"] for page in pages for quota in page["Quotas"]}

    def _used(self, metric: Mapping[str, Any] | None) -> tuple[float | None, str]:
        """What is in use now, by the metric that the quota itself names; else None and why."""
        if not metric or "MetricName" not in metric:
            return None, "what of it is in use is unknown: the quota names no metric"
        answer = self._access.ask("cloudwatch:GetMetricStatistics", lambda: self._samples(metric))
        if isinstance(answer, Unknown):
            return None, f"what of it is in use is unknown: {answer.reason}"
        statistic = metric.get("MetricStatisticRecommendation", "Maximum")
        # Nothing is published while nothing is used.
        newest = max(answer.value, key=lambda sample: sample["Timestamp"], default={statistic: 0.0})
        return float(newest[statistic]), ""

    def _samples(self, metric: Mapping[str, Any]) -> list[dict[str, Any]]:
        now = datetime.now(UTC)
        answer = self._access.client("cloudwatch").get_metric_statistics(
            Namespace=metric["MetricNamespace"],
            MetricName=metric["MetricName"],
            Dimensions=[{"Name": name, "Value": value} for name, value in metric.get("MetricDimensions", {}).items()],
            StartTime=now - _USE_WINDOW,
            EndTime=now,
            Period=_USE_PERIOD_SECONDS,
            Statistics=[metric.get("MetricStatisticRecommendation", "Maximum")],
        )
        return list(answer["Datapoints"])
