"""What a cloud answered, or why it did not: one question that fails leaves one fact unknown, never the whole answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from aigc.plan.stack_plan import QuotaPlan

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Known(Generic[T_co]):
    """The cloud answered."""

    value: T_co


@dataclass(frozen=True)
class Unknown:
    """It did not, or there is nothing to ask: why, and what would change that."""

    reason: str
    way_out: str = ""


Fact = Known[T] | Unknown


@dataclass(frozen=True)
class LiveQuota:
    """A quota of the account in the stack's region."""

    limit: float
    used: float | None = None
    """Of it in use now, by this stack or by others; None where the cloud does not say."""
    note: str = ""
    """What a reader should know of these numbers."""
    raised_by: str = ""
    """The command that asks for more, with `{}` where the wanted limit stands; empty: there is no simple one."""


@dataclass(frozen=True)
class QuotaAnswer:
    """A quota that a stack needs, and how much of it there is."""

    need: QuotaPlan
    live: Fact[LiveQuota]


@dataclass(frozen=True)
class Offering:
    """Where in the region a machine type is sold to this account."""

    zones: Mapping[str, str] = field(default_factory=dict)
    """Zone -> the name that means the same place in every account (AWS zone id); empty where there is none."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Zone -> why this account gets none there, although it is sold there."""


@dataclass(frozen=True)
class Reserved:
    """Machines that are kept for this account, of one machine type."""

    zones: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Zone -> machines reserved, and how many of them nobody uses."""


@dataclass(frozen=True)
class Deadline:
    """How long all questions together may take; what was not asked by then stays unknown."""

    seconds: float
    started: float = field(default_factory=time.monotonic)

    def passed(self) -> Unknown | None:
        """Why nothing more is asked; None while there is time."""
        if time.monotonic() - self.started < self.seconds:
            return None
        return Unknown(f"the {self.seconds:g} s for all questions were over before this one", "raise --timeout")
