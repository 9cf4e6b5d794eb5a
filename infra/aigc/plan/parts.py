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
    """Until a new version counts as failed: what the stack file says, else what its cold start leads to."""
    request_timeout_seconds: int


class ColdStartPlan(Frozen):
    """What the first pod of a new version may wait for, one after the other (`aigc.catalog.cold_start`)."""

    node_seconds: int
    """0: a node is kept that has room for it."""
    driver_seconds: int
    image_seconds: int
    files_mib: float
    files_seconds: int
    server_seconds: int

    @property
    def total_seconds(self) -> int:
        """Of all parts."""
        return self.node_seconds + self.driver_seconds + self.image_seconds + self.files_seconds + self.server_seconds

    def __str__(self) -> str:
        parts = {
            "a node": self.node_seconds,
            "its driver": self.driver_seconds,
            "the image": self.image_seconds,
            f"{self.files_mib:g} MiB of model files": self.files_seconds,
            "the server": self.server_seconds,
        }
        return " + ".join(f"{seconds} s {part}" for part, seconds in parts.items() if seconds)


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
