"""What was measured: batches of a model on an accelerator, and what lies between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import Annotated

import numpy as np
from pydantic import Field

from aigc.config.spec_model import SpecModel, Text
from aigc.plan.cost_model.request import Request

Positive = Annotated[float, Field(gt=0)]


class Profile(SpecModel):
    """One measured batch."""

    model: Text
    """The endpoint's model."""
    accelerator_id: Text
    """One of it did the work."""
    request: Request
    """Every request of the batch."""
    batch: Annotated[int, Field(ge=1, le=2**31)]
    """Requests served together."""
    latency_ms: Positive
    """From the batch's start to its last answer."""
    requests_per_second: Positive
    """With batches of this size one after the other."""


@dataclass(frozen=True)
class Speed:
    """How fast batches of one size are."""

    latency_ms: float
    requests_per_second: float


def measured_at(profiles: Iterable[Profile], batch: int) -> Speed | None:
    """Linear between the measured batches of like profiles, None beyond them; repetitions count as their mean."""
    by_batch: dict[int, list[Profile]] = {}
    for profile in profiles:
        by_batch.setdefault(profile.batch, []).append(profile)
    batches = sorted(by_batch)
    if not batches or not batches[0] <= batch <= batches[-1]:
        return None
    latencies = [fmean(one.latency_ms for one in by_batch[size]) for size in batches]
    rates = [fmean(one.requests_per_second for one in by_batch[size]) for size in batches]
    return Speed(float(np.interp(batch, batches, latencies)), float(np.interp(batch, batches, rates)))


def profiles_of(profiles: Iterable[Profile], model: str, accelerator_id: str, request: Request) -> list[Profile]:
    """Those of the same model, accelerator and request."""
    wanted = (model, accelerator_id, request)
    return [one for one in profiles if (one.model, one.accelerator_id, one.request) == wanted]
