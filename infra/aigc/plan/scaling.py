"""How replicas follow the traffic: what the stack file says, else one simple rule a value, each with its reason."""

from __future__ import annotations

from aigc.config.spec import ModelSpec, RequestedMode
from aigc.plan.repository import TritonConfig
from aigc.plan.stack_plan import Autoscaler, BatchingPlan, ScalingPlan, ServingMode

IDLE_SECONDS = 60
IDLE_SECONDS_ACCELERATOR = 300
"""Coming back from zero costs a node, an image of over 10 GB and the weights: minutes, so it is left later."""
PROGRESS_DEADLINE_SECONDS = 600
"""Knative's own default."""
PROGRESS_DEADLINE_SECONDS_ACCELERATOR = 1800
"""Node, driver, image and weights together can take longer than 600 s, and a late revision is a failed one."""
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


def scaling(model: ModelSpec, config: TritonConfig, mode: ServingMode, accelerator: bool, most: int) -> ScalingPlan:
    """The scaling of one endpoint; `most` is what its pool can hold."""
    asked = model.scaling
    low, high = replica_bounds(model, mode, most)
    deadline = PROGRESS_DEADLINE_SECONDS_ACCELERATOR if accelerator else PROGRESS_DEADLINE_SECONDS
    return ScalingPlan(
        autoscaler=autoscaler(mode, low, high),
        min_replicas=low,
        max_replicas=high,
        # Zero for a revision that may be at zero: a new one must not start a node before anybody asks for it.
        initial_replicas=low,
        target_concurrency=asked.target_concurrency or requests_at_once(config),
        # No limit by default: Triton queues by itself, and its batcher needs requests that wait.
        hard_concurrency=asked.hard_concurrency or 0,
        idle_seconds=idle_seconds(model, accelerator),
        progress_deadline_seconds=asked.progress_deadline_seconds or deadline,
        request_timeout_seconds=asked.request_timeout_seconds or REQUEST_TIMEOUT_SECONDS,
    )


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
