"""What pools and endpoints of a plan share: the base of every value, and taints."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value of a plan: never changed, and without fields that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Taint(Frozen):
    """What keeps pods without a matching toleration off a node."""

    key: str
    value: str
    effect: str
    """Kubernetes spelling: NoSchedule, PreferNoSchedule, NoExecute."""
