"""The time of a phase by roofline (Williams et al. 2009, Communications of the ACM 52(4))."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from aigc.catalog.accelerators import Accelerator
from aigc.catalog.model_work import ModelWork
from aigc.plan.cost_model.phases import USUAL_LAYERS, Phase, PhaseName, phases_of
from aigc.plan.cost_model.physics import Physics, physics_of
from aigc.plan.cost_model.profiles import Speed
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.request import Request

Array = NDArray[np.float64]
Size = TypeVar("Size", float, Array)
"""Requests served together: of one batch, or of several."""


class Parameter(StrEnum):
    """What of an accelerator is learned from measurements; each is a field of `Efficiency`."""

    COMPUTE = "compute"
    MEMORY = "memory"
    STEP_OVERHEAD_MS = "step_overhead_ms"


@dataclass(frozen=True)
class Efficiency:
    """How much of its peaks an accelerator reaches. The defaults are assumptions, and estimates name them so."""

    compute: float = 0.5
    """Share of the peak of arithmetic. PaLM trains at 0.46 (arXiv 2204.02311), its prefill reaches 0.76 at best
    (arXiv 2211.05102)."""
    memory: float = 0.8
    """Share of the memory bandwidth: the factor that aiconfigurator (source S14 of the catalog) takes for H100s and
    H200s."""
    step_overhead_ms: float = 0.45
    """ms a step of `USUAL_LAYERS` beside both: 150 kernels of 3 us, the constant latency of the same source. Of other
    models in proportion to their layers."""
    measured: frozenset[Parameter] = frozenset()
    """Those that come from profiles."""

    def assumptions(self) -> Iterator[str]:
        """Each value that no profile determines, in words."""
        if Parameter.COMPUTE not in self.measured:
            yield f"{self.compute:g} of peak arithmetic is reached"
        if Parameter.MEMORY not in self.measured:
            yield f"{self.memory:g} of memory bandwidth is reached"
        if Parameter.STEP_OVERHEAD_MS not in self.measured:
            yield f"a step of {USUAL_LAYERS} layers takes {self.step_overhead_ms:g} ms besides"


ASSUMED = Efficiency()


class Bound(StrEnum):
    """Which roof a phase is under."""

    COMPUTE = "compute"
    MEMORY = "memory"


@dataclass(frozen=True)
class PhaseTime:
    """How long all steps of a phase take for a batch."""

    name: PhaseName
    steps: int
    usual_steps: float
    """In layers, as a phase counts them."""
    ms: float
    bound: Bound


@dataclass(frozen=True)
class Roofs:
    """The work of one request against what an accelerator can do."""

    phases: tuple[Phase, ...]
    physics: Physics

    @property
    def usual_steps(self) -> float:
        """Of all phases."""
        return sum(phase.usual_steps for phase in self.phases)

    def times(self, batch: int, efficiency: Efficiency) -> tuple[PhaseTime, ...]:
        """How long each phase takes for a batch of such requests."""
        return tuple(_phase_time(phase, batch, self.physics, efficiency) for phase in self.phases)

    def batch_ms(self, batches: Array, efficiency: Efficiency) -> Array:
        """How long batches of these sizes take, as the sums of `times`: at once, since a planner asks for very many."""
        ms = np.zeros(len(batches))
        for phase in self.phases:
            computing_s, moving_s = _roofs_s(phase, batches, self.physics, efficiency)
            ms += 1000 * np.maximum(computing_s, moving_s) + phase.usual_steps * efficiency.step_overhead_ms
        return ms


def roofs_of(model: str, work: ModelWork, accelerator: Accelerator, request: Request) -> Roofs | Rejection:
    """What is to be done and what can be, or which of it is not known."""
    phases, physics = phases_of(model, work, request), physics_of(accelerator, work)
    if isinstance(phases, Rejection):
        return phases
    return physics if isinstance(physics, Rejection) else Roofs(phases, physics)


def speed_of(times: Sequence[PhaseTime], batch: int) -> Speed:
    """Of batches whose phases come one after the other, as do the batches."""
    latency_ms = sum(time.ms for time in times)
    return Speed(latency_ms, 1000 * batch / latency_ms)


def _phase_time(phase: Phase, batch: int, physics: Physics, efficiency: Efficiency) -> PhaseTime:
    """The larger of computing and moving, with the overhead of its layers."""
    computing_s, moving_s = _roofs_s(phase, batch, physics, efficiency)
    return PhaseTime(
        name=phase.name,
        steps=phase.steps,
        usual_steps=phase.usual_steps,
        ms=1000 * max(computing_s, moving_s) + phase.usual_steps * efficiency.step_overhead_ms,
        bound=Bound.COMPUTE if computing_s > moving_s else Bound.MEMORY,
    )


def _roofs_s(phase: Phase, batch: Size, physics: Physics, efficiency: Efficiency) -> tuple[Size, Size]:
    """Seconds of arithmetic, and of moving bytes."""
    computing_s = batch * phase.flops / (physics.flops_per_second * efficiency.compute)
    moved_bytes = phase.weight_bytes + batch * phase.moved_bytes
    return computing_s, moved_bytes / (physics.bytes_per_second * efficiency.memory)
