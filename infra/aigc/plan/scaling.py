"""How replicas follow the traffic: what the stack file says, else one simple rule a value, each with its reason."""

from __future__ import annotations

from aigc.config.spec import ModelSpec, RequestedMode
from aigc.plan.repository import TritonConfig
from aigc.plan.stack_plan import Autoscaler, BatchingPlan, ScalingPlan, ServingMode

IDLE_SECONDS = 60
IDLE_SECONDS_ACCELERATOR = 300
"""Coming back from zero costs a node, an image of over 10 GB and the weights: minutes, so it is left later."""
REQUEST_TIMEOUT_SECONDS = 300
"""Knative's own default."""
REPLICAS_WITHOUT_POOL = 3
"""On a cluster whose nodes we do not know."""
NEVER_IDLE_REQUESTS = 20
"""Requests expected within the idle time from which on a gap that long practically never comes (e^-20)."""


def idle_seconds(model: ModelSpec, accelerator: bool) -> int:
    """How long the last replica stays."""
    if model.scaling.idle_seconds is not None:
        return model.scaling.idle_seconds
    return IDLE_SECONDS_ACCELERATOR if accelerator else IDLE_SECONDS


def serving_mode(model: ModelSpec, accelerator: bool) -> ServingMode:
    """`auto` is Knative, unless the traffic is flat and never pauses: then scaling would only add a hop."""
    if model.mode is not RequestedMode.AUTO:
        return ServingMode(model.mode.value)
    traffic = model.traffic
    if traffic is None or traffic.peak_factor > 1 or model.replicas.min == 0:
        return ServingMode.KNATIVE
    busy = traffic.requests_per_second * idle_seconds(model, accelerator) >= NEVER_IDLE_REQUESTS
    return ServingMode.STEADY if busy else ServingMode.KNATIVE


def batching(config: TritonConfig) -> BatchingPlan:
    """config.pbtxt as the plan shows it."""
    return BatchingPlan(
        max_batch_size=config.max_batch_size,
        dynamic=config.dynamic,
        max_queue_delay_us=config.max_queue_delay_us,
        instances=config.instances,
    )


def requests_at_once(config: TritonConfig) -> int:
    """Requests one Triton works on at the same time: a dynamic batcher joins callers; else one an instance."""
    return (max(1, config.max_batch_size) if config.dynamic else 1) * config.instances


def scaling(
    model: ModelSpec, config: TritonConfig, mode: ServingMode, accelerator: bool, most: int, deadline_seconds: int
) -> ScalingPlan:
    """The scaling of one endpoint; `most` is what its pool can hold, the deadline what its cold start leads to."""
    asked = model.scaling
    low, high = replica_bounds(model, mode, most)
    return ScalingPlan(
        autoscaler=autoscaler(mode, low, high),
        min_replicas=low,
        max_replicas=high,
        initial_replicas=initial_replicas(model, low, accelerator),
        target_concurrency=asked.target_concurrency or requests_at_once(config),
        # No limit by default: Triton queues by itself, and its batcher needs requests that wait.
        hard_concurrency=asked.hard_concurrency or 0,
        idle_seconds=idle_seconds(model, accelerator),
        progress_deadline_seconds=asked.progress_deadline_seconds or deadline_seconds,
        request_timeout_seconds=asked.request_timeout_seconds or REQUEST_TIMEOUT_SECONDS,
    )


def initial_replicas(model: ModelSpec, low: int, accelerator: bool) -> int:
    """Replicas that a new version starts with before it gets requests.

    One where it costs little: a version with none counts as ready without a proof, and if it cannot even start it takes
    the requests of the one that works. On an accelerator none, unless asked for: the proof would be a node.
    """
    if model.scaling.initial_replicas is not None:
        return max(model.scaling.initial_replicas, low)
    return low if accelerator else max(1, low)


def autoscaler(mode: ServingMode, low: int, high: int) -> Autoscaler:
    """Never two for one workload: they would undo each other's number."""
    if mode is ServingMode.KNATIVE:
        return Autoscaler.KPA
    return Autoscaler.KEDA if high > low else Autoscaler.NONE


def replica_bounds(model: ModelSpec, mode: ServingMode, most: int) -> tuple[int, int]:
    """Fewest and most replicas; a steady endpoint keeps one number unless it is given two."""
    asked = model.replicas
    if mode is ServingMode.STEADY:
        low = asked.min or 1
        return low, asked.max or low
    low = asked.min or 0
    return low, asked.max or max(1, low, most)
