"""Alerts on burning error budgets.

Windows and factors are those of Google's SRE workbook ("Alerting on SLOs", multiwindow, multi-burn-rate). The long
window says that it matters, the short one that it still goes on, so an alert ends soon after its cause.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from aigc.cluster.kubernetes_object import Body
from aigc.observability.metric_names import ENDPOINT_LABEL
from aigc.observability.slo import Indicator, bad_count, bad_ratio, kept_windows, retention_hours
from aigc.plan.stack_plan import StackPlan

BUDGET_DAYS = 30
"""The period that an error budget is for."""
ALONE = 1.5
"""One bad request never alerts, however few there are: at ten requests an hour it is 10%, 20 times a budget of 0.5%."""


class Severity(StrEnum):
    """Who must look when."""

    PAGE = "page"
    """Somebody, now."""
    TICKET = "ticket"
    """Somebody, in working hours."""


@dataclass(frozen=True)
class BurnRate:
    """So many times faster than allowed, over a long window and still over a short one."""

    factor: float
    long: str
    short: str
    severity: Severity


BURN_RATES = (
    BurnRate(14.4, "1h", "5m", Severity.PAGE),
    BurnRate(6, "6h", "30m", Severity.PAGE),
    BurnRate(3, "1d", "2h", Severity.TICKET),
    BurnRate(1, "3d", "6h", Severity.TICKET),
)


@dataclass(frozen=True)
class Alert:
    """An alert rule; what it means when there is nothing to compare is part of it."""

    name: str
    expression: str
    severity: Severity
    summary: str
    description: str
    no_data: str
    lasting_seconds: int = 0
    labels: dict[str, str] = field(default_factory=dict)

    def body(self) -> Body:
        """As Prometheus reads it."""
        lasting = {"for": f"{self.lasting_seconds}s"} if self.lasting_seconds else {}
        annotations = {"summary": self.summary, "description": self.description, "no_data": self.no_data}
        labels = {"severity": self.severity.value, **self.labels}
        return {"alert": self.name, "expr": self.expression, **lasting, "labels": labels, "annotations": annotations}


def left_out(plan: StackPlan, indicator: Indicator, rate: BurnRate) -> str | None:
    """Why an alert cannot be, or None when it can."""
    kept = {window.name for window in kept_windows(plan)}
    if not {rate.long, rate.short} <= kept:
        return f"Prometheus keeps data for {retention_hours(plan)} hours only"
    if rate.factor * indicator.budget >= 1:
        return f"{rate.factor:g} times a budget of {indicator.budget:.3g} is more than all requests"
    return None


def burn_alert(endpoint: str, indicator: Indicator, rate: BurnRate) -> Alert:
    """The alert of one burn rate."""
    threshold, matcher = f"{rate.factor * indicator.budget:.6g}", f'{{{ENDPOINT_LABEL}="{endpoint}"}}'
    bad, next_look = _WORDS[indicator.name]
    return Alert(
        name=_NAMES[indicator.name],
        expression=(
            f"{bad_ratio(indicator, rate.long)}{matcher} > {threshold}"
            f" and {bad_ratio(indicator, rate.short)}{matcher} > {threshold}"
            f" and {bad_count(indicator, rate.long)}{matcher} > {ALONE}"
        ),
        severity=rate.severity,
        summary=f"{endpoint} {bad} {rate.factor:g} times as often as its objective allows",
        description=(
            f"Objective: {indicator.objective}, counted {indicator.place}. Over {rate.long} the bad share is "
            f"{{{{ $value | humanizePercentage }}}}, and over {rate.short} still more than {threshold}. At "
            f"{rate.factor:g} times the allowed rate the error budget of {BUDGET_DAYS} days is spent in "
            f"{BUDGET_DAYS / rate.factor:.2g} days. {next_look.format(endpoint=endpoint)}"
        ),
        no_data=f"No requests: nothing burns, and the alert is silent. {indicator.unseen}",
        labels={ENDPOINT_LABEL: endpoint, "window": rate.long},
    )


_NAMES = {"request_errors": "EndpointErrorBudgetBurn", "request_slow": "EndpointLatencyBudgetBurn"}
_WORDS = {
    "request_errors": (
        "fails",
        "Look next at the status of the stack (`python -m scripts status`): are there ready pods, and since when? Then "
        "at the endpoint's log (`python -m scripts logs {endpoint}`), and whether the errors began "
        "with a new revision, which goes back by its traffic split.",
    ),
    "request_slow": (
        "is too slow",
        "Look next at whether Triton queues (TritonQueueDominates, then more replicas or a larger batch) or computes "
        "longer than before (a new model version?), and whether replicas come from zero often (whoever waits for a "
        "cold start is slow at the gateway; a longer idle time keeps the last replica).",
    ),
}
