"""Names of the series that rules read, by the component that exposes them; Triton's are in catalog/triton_metrics.py.

The gateway's name an endpoint by Envoy's virtual cluster `<namespace>/<endpoint>`: one exact label for all of its
revisions and hosts. The label of its clusters (`models/gpt-00001/80`) would need a pattern, and each request that found
no pod at all would still have to be told apart from those of `gpt-handbook`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aigc.catalog.labels import MODELS_NAMESPACE, SERIES_ENDPOINT_LABEL

ENDPOINT_LABEL = SERIES_ENDPOINT_LABEL
GATEWAY_JOB = "gateway"

UP = "up"
ALERTS = "ALERTS"
"""Prometheus' own series of each alert that is pending or fires."""
RULE_FAILURES = "prometheus_rule_evaluation_failures_total"

# KEDA 2.20.
KEDA_JOB = "keda"
KEDA_METRIC = "keda_scaler_metrics_value"
"""What a trigger's query gave."""
KEDA_ERRORS = "keda_scaler_detail_errors_total"
KEDA_OBJECT_LABEL = "scaledObject"
"""An endpoint's name: its ScaledObject is called so."""

# Knative 1.23 names its metrics `kn.revision.pods.desired` and exports them with underscores and with a suffix for the
# unit; units in braces (`{pod}`, `{concurrency}`) have none.
PODS_DESIRED = "kn_revision_pods_desired"
"""What the autoscaler wants; `PODS_REQUESTED` is what it then asked of Kubernetes."""
PODS_REQUESTED = "kn_revision_pods_requested"
PODS_READY = "kn_revision_pods_count"
PODS_NOT_READY = "kn_revision_pods_not_ready_count"
PODS_PENDING = "kn_revision_pods_pending_count"
PODS_TERMINATING = "kn_revision_pods_terminating_count"
CONCURRENCY_STABLE = "kn_revision_concurrency_stable"
CONCURRENCY_PANIC = "kn_revision_concurrency_panic"
CONCURRENCY_TARGET = "kn_revision_concurrency_target"
EXCESS_BURST_CAPACITY = "kn_revision_capacity_excess"
PANIC_MODE = "kn_revision_panic_mode"
ACTIVATOR_QUEUED = "kn_revision_request_queued"
ACTIVATOR_ACTIVE = "kn_revision_request_active"
HTTP_SERVER_SECONDS = "http_server_request_duration_seconds"
"""Of OpenTelemetry's own instrumentation: only the activator's has the labels of a revision."""
REVISION_LABEL = "kn_revision_name"
QUEUE_PROXY_DEPTH = "kn_serving_queue_depth"
"""Requests that wait in a queue-proxy; exposed only where an endpoint has a concurrency limit."""

# DCGM's exporter 4.8.2 (etc/default-counters.csv); `pod` and `namespace` are of the pod that has the GPU.
GPU_USE_PERCENT = "DCGM_FI_DEV_GPU_UTIL"
"""Share of the time in which anything ran on a GPU, from 0 to 100; not how much of it was used then."""
GPU_MEMORY_USED_MIB = "DCGM_FI_DEV_FB_USED"
GPU_MEMORY_FREE_MIB = "DCGM_FI_DEV_FB_FREE"
GPU_XID = "DCGM_FI_DEV_XID_ERRORS"
"""Code of the last error that the driver reported of a GPU; 0: none."""

# The kubelet's /metrics/cadvisor.
KUBELET_JOB = "kubelet"
CONTAINER_MEMORY_FAILURES = "container_memory_failures_total"
CONTAINER_WORKING_SET_BYTES = "container_memory_working_set_bytes"
CONTAINER_MEMORY_LIMIT_BYTES = "container_spec_memory_limit_bytes"
"""The limit of the control group as it is now, not as the pod asked for it; 0 without one."""
POD_UID_LABEL = "pod_uid"
"""Ours, read off the control group's path: on cgroup v1 a pod's own group does not count its containers' faults."""

# The kubelet's /metrics/resource: without a container's or a pod's id, so a series goes on when either is made anew.
KUBELET_RESOURCE_JOB = "kubelet-resource"
CONTAINER_START_TIME_SECONDS = "container_start_time_seconds"
POD_CPU_SECONDS = "pod_cpu_usage_seconds_total"
"""Of the pod's own control group: a container that is started anew does not set it back, a new pod does."""

# The local cluster's keeper.
HOST_PROCESSES_JOB = "host-processes"
HOST_PROCESS_EXITS = "aigc_host_process_exits_total"
HOST_PROCESS_LABEL = "process"

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
    time: str
    """The histogram's sum, in its own unit."""
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
        time=f"{prefix}_time_sum{{{matcher}}}",
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
        time=f"{prefix}_sum{{{matcher}}}",
        bucket=f"{prefix}_bucket",
        matcher=matcher,
        boundaries_ms=QUEUE_PROXY_BOUNDARIES_MS,
        milliseconds_per_unit=1000,
    )


def revision_matcher(endpoint: str) -> str:
    """Series of the autoscaler and the activator about one endpoint; the activator's have no label of the service."""
    # Knative numbers revisions: `gpt-00001`, and not `gpt-handbook-00001`.
    return f'k8s_namespace_name="{MODELS_NAMESPACE}",{REVISION_LABEL}=~"{endpoint}-[0-9]+"'


def activator_series(endpoint: str) -> tuple[str, str, str]:
    """Bucket, sum and count of the time that requests through the activator took, any wait for a pod included."""
    matcher = revision_matcher(endpoint)
    bucket, total, count = (f"{HTTP_SERVER_SECONDS}_{part}{{{matcher}}}" for part in ("bucket", "sum", "count"))
    return bucket, total, count


def bad_count(objective: str, window: str) -> str:
    """The recorded series that holds how many requests were bad."""
    return f"{ENDPOINT_LABEL}:{objective}:increase{window}"


def bad_ratio(objective: str, window: str) -> str:
    """The recorded series that holds which share of the requests was bad."""
    return f"{ENDPOINT_LABEL}:{objective}:ratio_rate{window}"


def allowed_ratio(objective: str) -> str:
    """The recorded series that holds which share of the requests may be bad."""
    return f"{ENDPOINT_LABEL}:{objective}:allowed_ratio"
