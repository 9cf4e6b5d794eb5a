"""A request as phases: steps of one kind, in each of which the weights are read once for the whole batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from aigc.catalog.model_work import ModelWork, Unit, UnitWork
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.request import Request


class PhaseName(StrEnum):
    """What the steps of a phase do."""

    AUDIO = "audio"
    PREFILL = "prefill"
    DECODE = "decode"
    DENOISE = "denoise"


UNITS = {
    PhaseName.AUDIO: Unit.AUDIO_SECOND,
    PhaseName.PREFILL: Unit.TOKEN_IN,
    PhaseName.DECODE: Unit.TOKEN_OUT,
    PhaseName.DENOISE: Unit.PIXEL_STEP,
}


USUAL_LAYERS = 11
"""What a model has of which nobody says: 150 kernels, 14 a layer. PyTorch runs 57 to 66 for the 4 layers of one
measured decoder, and 389 to 454 for the 32 of another (decision 0027)."""


@dataclass(frozen=True)
class Phase:
    """All steps of one kind of one request."""

    name: PhaseName
    steps: int
    usual_steps: float
    """So many steps of a model of `USUAL_LAYERS` have as many layers, one after the other."""
    flops: float
    """Of one request, all steps together."""
    moved_bytes: float
    """Of one request, all steps together: activations and key-value cache."""
    weight_bytes: float
    """Read in all steps together, whatever the batch."""


def phases_of(model: str, work: ModelWork, request: Request) -> tuple[Phase, ...] | Rejection:
    """The phases of a request in their order, or the unit whose work nobody has stated."""
    phases: list[Phase] = []
    for span in _spans(request):
        name = UNITS[span.name]
        unit = work.unit(name)
        if unit is None:
            return Rejection(f"the work of {model} a {name.replace('_', ' ')} is not known")
        phases.append(_phase(span, unit, work))
    return tuple(phases)


@dataclass(frozen=True)
class _Span:
    """A phase by counts alone, of one request."""

    name: PhaseName
    steps: int
    units: float
    """Of all steps together."""
    attended: float = 0.0
    """Tokens attended to, the sum over all units."""
    cached: float = 0.0
    """Tokens whose keys and values are read or written, the sum over all steps."""


def _spans(request: Request) -> Iterator[_Span]:
    if request.audio_seconds:
        yield _Span(PhaseName.AUDIO, 1, request.audio_seconds)
    read = request.tokens_in
    if read:
        yield _Span(PhaseName.PREFILL, 1, read, attended=float(read) * read, cached=read)
    if request.tokens_out > 1:
        steps = request.tokens_out - 1
        # Step k of them attends to the prompt and k written tokens, itself included.
        attended = steps * (read + request.tokens_out / 2)
        yield _Span(PhaseName.DECODE, steps, steps, attended, cached=attended)
    if request.pixels:
        yield _Span(PhaseName.DENOISE, request.pixel_steps, float(request.pixels) * request.pixel_steps)


def _phase(span: _Span, unit: UnitWork, work: ModelWork) -> Phase:
    flops = span.units * unit.flops + span.attended * unit.flops_per_context_token + span.steps * unit.flops_per_step
    activation_bytes = span.units * unit.activation_bytes + span.steps * unit.activation_bytes_per_step
    return Phase(
        name=span.name,
        steps=span.steps,
        usual_steps=span.steps * (work.layers or USUAL_LAYERS) / USUAL_LAYERS,
        flops=flops,
        moved_bytes=activation_bytes + span.cached * work.kv_cache_bytes_per_token,
        weight_bytes=span.steps * work.weight_bytes,
    )
