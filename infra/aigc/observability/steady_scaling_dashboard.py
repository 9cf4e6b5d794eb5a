"""What the autoscaler of steady endpoints is told, and the replicas that came of it."""

from __future__ import annotations

from aigc.autoscaling.keda import in_flight_query, pending_query
from aigc.catalog import triton_metrics
from aigc.observability import metric_names as names
from aigc.observability.panels import ENDPOINT, Dashboard, Panel, Query, Row, Unit, rate
from aigc.plan.stack_plan import Autoscaler, EndpointPlan, StackPlan


def steady_scaling_dashboard(plan: StackPlan) -> Dashboard | None:
    """The page of KEDA's autoscalers; None where it scales nothing."""
    scaled = [endpoint for endpoint in plan.endpoints if endpoint.scaling.autoscaler is Autoscaler.KEDA]
    if not scaled:
        return None
    rows = (
        Row("Replicas", (_replicas(scaled),)),
        Row("What they are decided by", (_demand(scaled), _told(), _errors())),
    )
    words = "Steady endpoints: requests that wait in Triton, what KEDA makes of them, and the replicas that came of it."
    names_of_scaled = tuple(endpoint.name for endpoint in scaled)
    return Dashboard("aigc-steady-scaling", "Autoscaling, steady endpoints", words, rows, names_of_scaled)


def _replicas(scaled: list[EndpointPlan]) -> Panel:
    bounds = "; ".join(
        f"{endpoint.name}: {endpoint.scaling.min_replicas} to {endpoint.scaling.max_replicas}" for endpoint in scaled
    )
    triton = f'{names.UP}{{job="{triton_metrics.TRITON_JOB}",{names.ENDPOINT_LABEL}="{ENDPOINT}"}}'
    return Panel(
        "Replicas",
        f"Bounds: {bounds}. There, but not answering for longer than a start takes: see the pod's events. At the "
        "maximum for long while requests wait: the maximum is too small.",
        Unit.COUNT,
        (Query(f"count({triton})", "there"), Query(f"sum({triton})", "answering")),
        columns=24,
    )


def _demand(scaled: list[EndpointPlan]) -> Panel:
    targets = "; ".join(f"{endpoint.name}: {endpoint.scaling.target_concurrency}" for endpoint in scaled)
    return Panel(
        "Requests in Triton",
        f"Either number, divided by the target ({targets}) and rounded up, is the number of replicas that is wanted; "
        "the larger one wins. Waiting far above the target while replicas do not come: no node has room.",
        Unit.COUNT,
        tuple(
            query
            for endpoint in scaled
            for query in (
                Query(pending_query(endpoint), f"{endpoint.name}: waiting"),
                Query(in_flight_query(endpoint), f"{endpoint.name}: waiting or computed, mean of a minute"),
            )
        ),
    )


def _told() -> Panel:
    return Panel(
        "What KEDA was told",
        "The last answer to each of the two queries. A line that stands still while the one beside it moves: KEDA gets "
        "no answer, and holds the replicas.",
        Unit.COUNT,
        (Query(f"sum by (metric) ({names.KEDA_METRIC}{_matcher()})", "{{metric}}"),),
    )


def _errors() -> Panel:
    return Panel(
        "Questions without an answer",
        "Above 0 KEDA is blind: Prometheus is gone or does not see Triton. After four such questions the replicas are "
        "held where they are, and the alert AutoscalerBlind follows.",
        Unit.OPERATIONS_PER_SECOND,
        (Query(rate(f"{names.KEDA_ERRORS}{_matcher()}"), "errors a second"),),
        bad_from=0.01,
    )


def _matcher() -> str:
    return f'{{{names.KEDA_OBJECT_LABEL}="{ENDPOINT}"}}'
