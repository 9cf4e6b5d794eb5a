"""Why a machine, or an accelerator for a model, is no candidate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aigc.catalog.kinds import CapacityType


class Reason(StrEnum):
    """The kinds of reasons."""

    RETIRED = "retired"
    NOT_SOLD = "not sold there"
    PRICE = "price unknown"
    QUOTA = "quota"
    NO_FACTS = "no facts"
    MEMORY = "memory"
    OBJECTIVE = "objective"
    LEFT_OUT = "left out"
    NO_ROOM = "no room"
    """Of processors or memory for a pod."""


@dataclass(frozen=True)
class RejectedMachine:
    """A machine type that serves nobody."""

    cloud: str
    machine_type: str
    capacity: CapacityType
    reason: Reason
    sentence: str
    """For a person, without its full stop."""


@dataclass(frozen=True)
class RejectedShare:
    """An accelerator, or a part of one, that does not serve some requests of a model; others it may."""

    model: str
    classes: tuple[str, ...]
    accelerator_id: str
    share: str
    reason: Reason
    sentence: str
    """For a person, without its full stop."""
    least_p99_ms: float | None = None
    """Of reason objective: the smallest that it holds while it is idle."""
    lacking_bytes: float | None = None
    """Of reason memory: how much more it would need, for a batch of one."""
