"""Names of the series that rules read, by the component that exposes them; no other file spells one.

The gateway's name an endpoint by Envoy's virtual cluster `<namespace>/<endpoint>`: one exact label for all of its
revisions and hosts. The label of its clusters (`models/gpt-00001/80`) would need a pattern, and each request that found
no pod at all would still have to be told apart from those of `gpt-handbook`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aigc.catalog.labels import MODELS_NAMESPACE

ENDPOINT_LABEL = "aigc_endpoint"
"""On every scraped series of an endpoint's pods; `endpoint` is taken, the operator writes the port's name into it."""
GATEWAY_JOB = "gateway"

UP = "up"
RULE_FAILURES = "prometheus_rule_evaluation_failures_total"

TRITON_SUCCESSES = "nv_inference_request_success"
TRITON_FAILURES = "nv_inference_request_failure"
TRITON_QUEUE_US = "nv_inference_queue_duration_us"
TRITON_COMPUTE_US = (
    "nv_inference_compute_input_duration_us",
    "nv_inference_compute_infer_duration_us",
    "nv_inference_compute_output_duration_us",
)
"""Microseconds, summed over requests as the queue's are: each request of a batch counts the whole batch."""
TRITON_NOT_A_FAULT = 'reason!="CANCELED"'
"""A client that hangs up is counted as a failure by Triton."""

GATEWAY_BOUNDARIES_MS = (
    1, 2, 3, 5, 7, 10, 13, 18, 25, 33, 45, 60, 80, 100, 130, 180, 250, 330, 450, 600, 800, 1000, 1300, 1800, 2500,
    3300, 4500, 6000, 10000, 20000, 30000, 60000, 120000, 300000, 600000,
)  # fmt: skip
"""As the gateway's bootstrap sets them."""
QUEUE_PROXY_BOUNDARIES_MS = (5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)
"""As Knative 1.23 has them in its source, there in seconds."""


@dataclass(frozen=True)
class RequestSeries:
    """The series from which the objectives of one endpoint are judged; selectors, but for the bucket's name."""

    place: str
    """Where requests are counted, in words."""
    unseen: str
    """Requests that are not counted, and what tells of them."""
    requests: str
    errors: str
    timed: str
    """The histogram's own count: requests that were answered by the gateway itself have no upstream time."""
    bucket: str
    matcher: str
    boundaries_ms: Sequence[float]
    milliseconds_per_unit: int

    def boundary_ms(self, p99_ms: float) -> float | None:
        """The smallest boundary that is not below `p99_ms`; None when even the largest is."""
        return next((boundary for boundary in self.boundaries_ms if boundary >= p99_ms), None)

    def within(self, boundary_ms: float) -> str:
        """The selector of requests that took no longer than a boundary."""
        number = f"{boundary_ms / self.milliseconds_per_unit:g}" if self.milliseconds_per_unit > 1 else f"{boundary_ms}"
        # Prometheus 3 stores `1000` as `1000.0`, 2.42 as it was scraped.
        number = number.replace(".", "\\\\.") if "." in number else f"{number}(\\\\.0)?"
        return f'{self.bucket}{{{self.matcher},le=~"{number}"}}'


def gateway_series(endpoint: str) -> RequestSeries:
    """What the gateway's Envoy counts: every request, also those for which there was no pod."""
    matcher = f'envoy_virtual_cluster="{MODELS_NAMESPACE}/{endpoint}"'
    prefix = "envoy_vhost_vcluster_upstream_rq"
    return RequestSeries(
        place="at the gateway",
        unseen="If no gateway is scraped, GatewayUnseen tells.",
        requests=f"{prefix}_completed{{{matcher}}}",
        errors=f'{prefix}_xx{{{matcher},envoy_response_code_class="5"}}',
        timed=f"{prefix}_time_count{{{matcher}}}",
        bucket=f"{prefix}_time_bucket",
        matcher=matcher,
        boundaries_ms=GATEWAY_BOUNDARIES_MS,
        milliseconds_per_unit=1,
    )


def queue_proxy_series(endpoint: str) -> RequestSeries:
    """What Knative's queue-proxy counts in each pod: not those requests that no pod was started for in time."""
    matcher = f'{ENDPOINT_LABEL}="{endpoint}"'
    prefix = "kn_serving_invocation_duration_seconds"
    return RequestSeries(
        place="in the endpoint's pods, after any cold start",
        unseen="Requests for which no pod came are not counted; nothing of this stack tells of them.",
        requests=f"{prefix}_count{{{matcher}}}",
        errors=f'{prefix}_count{{{matcher},http_response_status_code=~"5.."}}',
        timed=f"{prefix}_count{{{matcher}}}",
        bucket=f"{prefix}_bucket",
        matcher=matcher,
        boundaries_ms=QUEUE_PROXY_BOUNDARIES_MS,
        milliseconds_per_unit=1000,
    )
