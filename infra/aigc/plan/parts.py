"""Small parts of a plan: taints, and what an endpoint is made of."""

from __future__ import annotations

from enum import StrEnum

from aigc.catalog.kinds import SourceKind
from aigc.plan.frozen import Frozen
from aigc.plan.model_store_plan import MountPlan


class Taint(Frozen):
    """What keeps pods without a matching toleration off a node."""

    key: str
    value: str
    effect: str
    """Kubernetes spelling: NoSchedule, PreferNoSchedule, NoExecute."""


class ServingMode(StrEnum):
    """How replicas of an endpoint come and go."""

    KNATIVE = "knative"
    STEADY = "steady"


class Autoscaler(StrEnum):
    """What changes an endpoint's number of replicas."""

    KPA = "kpa"
    """Knative's own, by requests in flight; goes to zero and comes back."""
    KEDA = "keda"
    """Kubernetes' HorizontalPodAutoscaler, fed by KEDA with what Triton says of its queue."""
    NONE = "none"
    """Nothing: the number is fixed."""


class ResourcesPlan(Frozen):
    """What Triton's container requests."""

    cpu_millicores: int
    memory_mib: int
    accelerators: int = 0
    resource_key: str | None = None


class BatchingPlan(Frozen):
    """What the config.pbtxt that Triton reads says about batching."""

    max_batch_size: int
    dynamic: bool
    max_queue_delay_us: int
    instances: int


class ScalingPlan(Frozen):
    """How replicas follow the traffic."""

    autoscaler: Autoscaler
    min_replicas: int
    max_replicas: int
    initial_replicas: int
    target_concurrency: int
    """Requests in flight per replica that the autoscaler aims at."""
    hard_concurrency: int
    """Requests in flight per replica that are let through at most; 0 is no limit."""
    idle_seconds: int
    """How long the last replica stays after the last request; under KEDA, how long any replica does."""
    progress_deadline_seconds: int
    request_timeout_seconds: int


class SloPlan(Frozen):
    """The service-level objective of an endpoint."""

    p99_ms: float
    availability_percent: float


class SourcePlan(Frozen):
    """How an endpoint's model files reach its pod."""

    kind: SourceKind
    image: str
    """The image the pod runs; for `baked` it holds the model files too."""
    uri: str | None
    """Content-hashed prefix (`bucket`) or reference (`oci`); None for `baked`."""
    content_hash: str
    """First 12 hex digits of the sha256 over the model folders and, for `baked`, the serving image's pins."""
    mount: MountPlan | None = None
    """How the pod sees them, for `bucket`."""


class ExpectedPlan(Frozen):
    """What the expected traffic keeps running, as bounds."""

    requests_per_second: float | None
    """Mean rate; None where the stack file names none."""
    min_replicas: int
    max_replicas: int
    basis: str
    """Why these bounds, and what would narrow them."""
    p50_ms: float | None = None
    """As the stack file predicts them at its traffic; None where it does not."""
    p99_ms: float | None = None
