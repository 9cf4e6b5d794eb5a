"""PrometheusRule objects of a stack: one for each endpoint, and one for what all endpoints stand on."""

from __future__ import annotations

from collections.abc import Sequence

from aigc.catalog.labels import MONITORING_NAMESPACE
from aigc.cluster.kubernetes_object import Body
from aigc.foundation.foundation import component_of
from aigc.observability import operator
from aigc.observability.alerts import BURN_RATES, Alert, burn_alert, left_out
from aigc.observability.cause_alerts import endpoint_causes, platform_causes
from aigc.observability.restart_alerts import restart_causes
from aigc.observability.slo import (
    INTERVAL,
    Indicator,
    availability,
    kept_windows,
    latency,
    recording_rules,
    series_of,
)
from aigc.plan.stack_plan import EndpointPlan, StackPlan
from aigc.serving import gateway

LEFT_OUT = "aigc/left-out"
"""Annotation of an object: the rules that are not there, one a line, each with its reason."""


def rule_bodies(plan: StackPlan) -> list[Body]:
    """Every rule of a stack."""
    has_gateway = component_of(plan, gateway.COMPONENT) is not None
    has_only_node = plan.cluster.only_node_address is not None
    # A Prometheus without a chart asks only a kubelet whose address is known (see `kubelet.py`).
    has_kubelets = has_only_node or component_of(plan, operator.COMPONENT) is None
    restarts = restart_causes(has_kubelets=has_kubelets, has_only_node=has_only_node)
    platform = [
        _group("platform causes", [alert.body() for alert in platform_causes(has_gateway=has_gateway)]),
        *([_group("restart causes", [alert.body() for alert in restarts])] if restarts else []),
    ]
    reasons = [] if has_kubelets else ["restarts of containers: nothing here knows the addresses of the nodes"]
    return [
        *(endpoint_rule(plan, endpoint) for endpoint in plan.endpoints),
        _rule("platform", platform, reasons),
    ]


def endpoint_rule(plan: StackPlan, endpoint: EndpointPlan) -> Body:
    """The rules of one endpoint."""
    indicators, reasons = indicators_of(plan, endpoint)
    groups = []
    for indicator in indicators:
        alerts, missing = _burn_alerts(plan, endpoint.name, indicator)
        # One group: rules of a group run in order, so that an alert sees what was recorded a moment before.
        recorded = recording_rules(endpoint.name, indicator, kept_windows(plan))
        rules = [*recorded, *(alert.body() for alert in alerts)]
        groups.append(_group(f"{endpoint.name} {indicator.name}", rules, INTERVAL))
        reasons += missing
    groups.append(_group(f"{endpoint.name} causes", [alert.body() for alert in endpoint_causes(endpoint)]))
    # A prefix, so that no endpoint can take the name of the platform's object.
    return _rule(f"endpoint-{endpoint.name}", groups, reasons)


def indicators_of(plan: StackPlan, endpoint: EndpointPlan) -> tuple[list[Indicator], list[str]]:
    """The objectives that can be judged, and why others cannot."""
    series = series_of(plan, endpoint)
    if series is None:
        return [], ["objectives: this stack has no gateway of its own, and in a steady pod nothing counts requests"]
    slow = latency(endpoint, series)
    if slow is None:
        largest = f"{series.boundaries_ms[-1]:g} ms"
        reason = f"latency: the histogram ends at {largest}, before the objective of {endpoint.slo.p99_ms:g} ms"
        return [availability(endpoint, series)], [reason]
    return [availability(endpoint, series), slow], []


def _burn_alerts(plan: StackPlan, endpoint: str, indicator: Indicator) -> tuple[list[Alert], list[str]]:
    alerts, reasons = [], []
    for rate in BURN_RATES:
        if reason := left_out(plan, indicator, rate):
            reasons.append(f"{indicator.name} at {rate.factor:g} times over {rate.long}: {reason}")
        else:
            alerts.append(burn_alert(endpoint, indicator, rate))
    return alerts, reasons


def _group(name: str, rules: Sequence[Body], interval: str | None = None) -> Body:
    return {"name": name, **({"interval": interval} if interval else {}), "rules": list(rules)}


def _rule(name: str, groups: Sequence[Body], reasons: Sequence[str]) -> Body:
    metadata: Body = {"name": name, "namespace": MONITORING_NAMESPACE}
    if reasons:
        metadata["annotations"] = {LEFT_OUT: "\n".join(reasons)}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": metadata,
        "spec": {"groups": list(groups)},
    }
