"""Replicas of a steady endpoint by the requests that wait in Triton, held where the numbers vanish.

Two numbers decide, the larger demand wins (as in any HorizontalPodAutoscaler):

* requests that wait for an instance: the first to tell of a burst, but 0 as soon as there are replicas enough, so alone
  it would take back what it gave and start over;
* requests in Triton at all, waiting or computed, as a mean over a minute. By Little's law (L = lambda W, Operations
  Research 9(3), 1961) that is the time all requests spent there, divided by the time it took: it stays up while the
  replicas are needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from aigc.catalog.labels import MODELS_NAMESPACE, PROMETHEUS_URL, SERIES_ENDPOINT_LABEL
from aigc.catalog.triton_metrics import TRITON_PENDING, TRITON_REQUEST_US
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.foundation.foundation import Foundation
from aigc.plan.stack_plan import Autoscaler, EndpointPlan, StackPlan
from aigc.tokens import Component

_POLLING_SECONDS = 10
"""As often as Prometheus scrapes: asking more often would give the same numbers."""
_FAILURES_UNTIL_FALLBACK = 3
_GROWTH_PERIOD_SECONDS = 15
"""As often as the HorizontalPodAutoscaler looks: it may double the replicas each time."""
DECLINE_PERIOD_SECONDS = 60
"""One replica a minute at most, so that a lull is not answered by a collapse."""


def pending_query(endpoint: EndpointPlan) -> str:
    """Requests of the endpoint's own model that wait, over all replicas; no result where Triton is not scraped."""
    return f"sum({TRITON_PENDING}{_matcher(endpoint)})"


def in_flight_query(endpoint: EndpointPlan) -> str:
    """Requests in Triton, a mean over a minute (see the head of this file); no result where it is not scraped."""
    return f"sum(rate({TRITON_REQUEST_US}{_matcher(endpoint)}[1m])) / 1000000"


def _matcher(endpoint: EndpointPlan) -> str:
    # The endpoint's own model alone: each request of it is one more of the models that it calls.
    return f'{{{SERIES_ENDPOINT_LABEL}="{endpoint.name}",model="{endpoint.models[0]}"}}'


def scaled_object_body(endpoint: EndpointPlan) -> Body:
    """The ScaledObject from which KEDA makes a HorizontalPodAutoscaler."""
    scaling = endpoint.scaling
    queries = (pending_query(endpoint), in_flight_query(endpoint))
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": endpoint.name, "namespace": MODELS_NAMESPACE},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": endpoint.name},
            "minReplicaCount": scaling.min_replicas,
            "maxReplicaCount": scaling.max_replicas,
            "pollingInterval": _POLLING_SECONDS,
            # What there is stays when the numbers vanish: a fixed number would take replicas away under load.
            "fallback": {
                "failureThreshold": _FAILURES_UNTIL_FALLBACK,
                "replicas": scaling.min_replicas,
                "behavior": "currentReplicasIfHigher",
            },
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behaviour(scaling.idle_seconds)}},
            "triggers": [_trigger(query, scaling.target_concurrency) for query in queries],
        },
    }


def _behaviour(idle_seconds: int) -> Body:
    doubled = {"type": "Percent", "value": 100, "periodSeconds": _GROWTH_PERIOD_SECONDS}
    one_less = {"type": "Pods", "value": 1, "periodSeconds": DECLINE_PERIOD_SECONDS}
    return {
        "scaleUp": {"stabilizationWindowSeconds": 0, "policies": [doubled]},
        "scaleDown": {"stabilizationWindowSeconds": idle_seconds, "policies": [one_less]},
    }


def _trigger(query: str, target: int) -> Body:
    return {
        "type": "prometheus",
        "metricType": "AverageValue",
        "metadata": {
            "serverAddress": PROMETHEUS_URL,
            "query": query,
            "threshold": str(target),
            # Else a number that vanished would count as 0, and the replicas would go while requests wait.
            "ignoreNullValues": "false",
        },
    }


class SteadyScaling(Component):
    """The autoscaler of each steady endpoint that has one."""

    LAYER = "autoscaling"

    def __init__(self, name: str, plan: StackPlan, cluster: ClusterHandle, after: Sequence[pulumi.Resource]) -> None:
        super().__init__(name)
        scaled = [endpoint for endpoint in plan.endpoints if endpoint.scaling.autoscaler is Autoscaler.KEDA]
        add_objects(cluster, self, [scaled_object_body(endpoint) for endpoint in scaled], after)
        self.done({"endpoints": [endpoint.name for endpoint in scaled]})


def scale_steady_endpoints(
    plan: StackPlan, cluster: ClusterHandle, foundation: Foundation, endpoints: Sequence[pulumi.Resource]
) -> None:
    """Add the autoscalers, after KEDA and after the Deployments that they scale."""
    if foundation.keda:
        SteadyScaling("steady-scaling", plan, cluster, (*foundation.namespaces, *foundation.keda, *endpoints))
