"""The part of a plan that only models off the cluster have: endpoints of a cloud's managed service."""

from __future__ import annotations

from aigc.plan.frozen import Frozen
from aigc.plan.parts import BatchingPlan, SloPlan


class ManagedEndpointPlan(Frozen):
    """One endpoint: a Triton with its models on machines that the service keeps."""

    name: str
    service: str
    """What its cloud calls the service."""
    physical_name: str
    """What it is called in the account."""
    models: tuple[str, ...]
    """Triton models: the one that answers, then those it needs."""
    machine_type: str
    accelerator: str | None
    min_instances: int
    max_instances: int
    requests_per_minute: float | None
    """Requests a minute and machine that autoscaling aims at; None: the number of machines is fixed."""
    idle_seconds: int
    """Wait between one machine less and the next."""
    startup_seconds: int
    """How long a machine may take to get the files, and again to load them."""
    image: str
    system_image: str | None
    """What the service calls the machine's own system image; None: its default."""
    uri: str
    """Folder of the model's files in a bucket, by its content hash."""
    content_hash: str
    batching: BatchingPlan
    slo: SloPlan
    quota: str
    """The account's quota that must allow them."""
    quota_instances: int
    """How many: while a new version takes over, both run."""
