"""Alerts on causes that no objective shows: a blind monitoring, a queue that grows, errors that look like answers."""

from __future__ import annotations

from aigc.catalog import triton_metrics
from aigc.observability import metric_names as names
from aigc.observability.alerts import ALONE, Alert, Severity
from aigc.plan.stack_plan import Autoscaler, EndpointPlan

_FAILING_SHARE = 0.05
"""Ten times what an availability of 99.5% allows."""
_QUEUE_SHARE_OF_P99 = 0.1
"""A tenth of what the objective allows may be spent on waiting, even where computing takes less."""


def endpoint_causes(endpoint: EndpointPlan) -> list[Alert]:
    """What is wrong inside an endpoint's pods."""
    scaled = endpoint.scaling.autoscaler is Autoscaler.KEDA
    blind = [_autoscaler_blind(endpoint)] if scaled else []
    return [_target_down(endpoint), _queue_dominates(endpoint), _requests_fail(endpoint), *blind]


def _target_down(endpoint: EndpointPlan) -> Alert:
    minutes = endpoint.scaling.progress_deadline_seconds / 60
    return Alert(
        name="EndpointTargetDown",
        expression=f'{names.UP}{{{names.ENDPOINT_LABEL}="{endpoint.name}"}} == 0',
        severity=Severity.TICKET,
        # A pod has its address while its image and weights are still loaded, with nobody there to be scraped.
        lasting_seconds=endpoint.scaling.progress_deadline_seconds,
        summary=f"{endpoint.name}: {{{{ $labels.job }}}} at {{{{ $labels.instance }}}} cannot be scraped",
        description=f"For {minutes:.3g} minutes, as long as a start may take, the pod has had an address and no "
        f"metrics. Look next at its events and its log (`python -m scripts logs {endpoint.name}`): Triton that does "
        "not start, or a network policy that keeps Prometheus away.",
        no_data="No pods, hence no targets: right at zero replicas. If pods are there, they are not found; the alerts "
        "on bad requests do not depend on it.",
        labels={names.ENDPOINT_LABEL: endpoint.name},
    )


def _queue_dominates(endpoint: EndpointPlan) -> Alert:
    matcher = f'{{{names.ENDPOINT_LABEL}="{endpoint.name}"}}'
    queue = _by_model(f"{triton_metrics.TRITON_QUEUE_US}{matcher}", "rate", "5m")
    compute = " + ".join(_by_model(f"{name}{matcher}", "rate", "5m") for name in triton_metrics.TRITON_COMPUTE_US)
    requests = _by_model(f"{triton_metrics.TRITON_SUCCESSES}{matcher}", "rate", "5m")
    # Waiting for a batch to fill is what the model's configuration asks for.
    bearable_us = max(endpoint.batching.max_queue_delay_us, endpoint.slo.p99_ms * 1000 * _QUEUE_SHARE_OF_P99)
    return Alert(
        name="TritonQueueDominates",
        expression=f"{queue} / ({requests} > 0) > {bearable_us:.6g} and {queue} > {compute}",
        severity=Severity.TICKET,
        lasting_seconds=600,
        summary=f"{endpoint.name}: requests of {{{{ $labels.model }}}} wait longer than they are computed",
        description=f"Mean time in Triton's queue: {{{{ $value | humanize }}}} us, more than its computing, for 10 "
        f"minutes; up to {bearable_us:.6g} us would not be noticed. Look next at the number of replicas against its "
        f"maximum ({endpoint.scaling.max_replicas}) and at the pods that wait for a node; then at the batch size "
        f"({endpoint.batching.max_batch_size}) and the instances ({endpoint.batching.instances}) of the model.",
        no_data="No requests or no pods: nothing waits.",
        labels={names.ENDPOINT_LABEL: endpoint.name},
    )


def _requests_fail(endpoint: EndpointPlan) -> Alert:
    matcher = f'{names.ENDPOINT_LABEL}="{endpoint.name}"'
    failures = _by_model(
        f"{triton_metrics.TRITON_FAILURES}{{{matcher},{triton_metrics.TRITON_NOT_A_FAULT}}}", "increase", "10m"
    )
    successes = _by_model(f"{triton_metrics.TRITON_SUCCESSES}{{{matcher}}}", "increase", "10m")
    return Alert(
        name="TritonRequestsFail",
        expression=f"{failures} / ({failures} + {successes} > 0) > {_FAILING_SHARE} and {failures} > {ALONE}",
        severity=Severity.TICKET,
        lasting_seconds=300,
        summary=f"{endpoint.name}: {{{{ $labels.model }}}} answers requests with errors",
        description="{{ $value | humanizePercentage }} of the requests of 10 minutes failed in Triton. Over gRPC an "
        "error is an HTTP 200, so the objective does not see it. Look next at the endpoint's log "
        f"(`python -m scripts logs {endpoint.name}`) and at the label `reason` of {triton_metrics.TRITON_FAILURES}.",
        no_data="No requests or no pods: nothing fails.",
        labels={names.ENDPOINT_LABEL: endpoint.name},
    )


def _autoscaler_blind(endpoint: EndpointPlan) -> Alert:
    errors = f'{names.KEDA_ERRORS}{{{names.KEDA_OBJECT_LABEL}="{endpoint.name}"}}'
    return Alert(
        name="AutoscalerBlind",
        expression=f"sum(increase({errors}[2m])) > {ALONE}",
        severity=Severity.TICKET,
        lasting_seconds=60,
        summary=f"{endpoint.name}: the autoscaler gets no numbers, so the replicas stay as they are",
        description="KEDA asked for the requests that wait and got no answer or an empty one; until it does, no "
        f"replica is added (up to {endpoint.scaling.max_replicas}) or taken away. Look next at `kubectl -n models get "
        f"scaledobject {endpoint.name}`, at the log of keda-operator, and whether Prometheus scrapes Triton: "
        f'`up{{job="{triton_metrics.TRITON_JOB}"}}`.',
        no_data="KEDA itself is not scraped, or gone: ScrapeTargetDown tells. The replicas stay then, too.",
        labels={names.ENDPOINT_LABEL: endpoint.name},
    )


def _by_model(selector: str, function: str, window: str) -> str:
    return f"sum by (model) ({function}({selector}[{window}]))"


def platform_causes(*, has_gateway: bool) -> list[Alert]:
    """What is wrong with the watching itself, and with what all endpoints share."""
    return [_scrape_target_down(), _rules_fail(), *([_gateway_unseen()] if has_gateway else [])]


def _scrape_target_down() -> Alert:
    return Alert(
        name="ScrapeTargetDown",
        expression=f'{names.UP}{{{names.ENDPOINT_LABEL}=""}} == 0',
        severity=Severity.TICKET,
        lasting_seconds=300,
        summary="{{ $labels.job }} at {{ $labels.instance }} cannot be scraped",
        description="For 5 minutes the target was found and did not answer. Look next at its pod in namespace "
        "{{ $labels.namespace }} (`python -m scripts status`): it does not run, or a network policy keeps Prometheus "
        "away.",
        no_data="A target that is not found at all has no series; of the gateway, GatewayUnseen says so.",
    )


def _rules_fail() -> Alert:
    return Alert(
        name="RuleEvaluationFails",
        expression=f"increase({names.RULE_FAILURES}[15m]) > 0",
        severity=Severity.TICKET,
        summary="Prometheus cannot evaluate {{ $labels.rule_group }}",
        description="Alerts of this group are blind. Look next at the page /rules of Prometheus for the error; it "
        "lies mostly in series that two targets expose under the same labels.",
        no_data="Prometheus does not scrape itself, so nothing is known of its rules: ScrapeTargetDown tells.",
    )


def _gateway_unseen() -> Alert:
    return Alert(
        name="GatewayUnseen",
        expression=f'absent({names.UP}{{job="{names.GATEWAY_JOB}"}} == 1)',
        severity=Severity.PAGE,
        lasting_seconds=300,
        summary="No gateway is scraped: no objective of any endpoint is watched",
        description="Every request passes the gateway, and for 5 minutes none has had metrics. Look next at its pods "
        "(`python -m scripts status`), then whether the name of its headless Service metrics-gateway has addresses.",
        no_data="This alert is about missing data: it fires then.",
    )
