"""What a request makes a model compute and move: the part `work` of model.yaml, from arithmetic on its architecture.

A multiplication and the addition of its product are two FLOPs, as in Kaplan et al. (arXiv 2001.08361).
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Precision(StrEnum):
    """The numbers a model computes in, as the columns of accelerators.yaml part them."""

    FP32 = "fp32"
    FP16_BF16 = "fp16_bf16"
    INT8 = "int8"
    FP8 = "fp8"
    FP4 = "fp4"


class Unit(StrEnum):
    """What work is counted in; each is a key of `ModelWork`."""

    TOKEN_IN = auto()
    TOKEN_OUT = auto()
    PIXEL_STEP = auto()
    AUDIO_SECOND = auto()


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class UnitWork(_Part):
    """What one unit costs, for one request of a batch."""

    flops: Amount
    """FLOPs of a unit."""
    flops_per_context_token: Amount = 0.0
    """Further FLOPs of a unit for each token it attends to: for one that is written, itself and all before it; for one
    that is read, the whole prompt, since what a mask hides is computed too. Half of that where a kernel skips it."""
    activation_bytes: Amount
    """Bytes a unit moves between memory and chip besides weights and key-value cache."""
    flops_per_step: Amount = 0.0
    """FLOPs once a step, however many units it has: what only the last token of a prompt goes through."""
    activation_bytes_per_step: Amount = 0.0
    """Bytes moved once a step, likewise."""


class ModelWork(_Part):
    """What a model computes and moves, by unit; a unit that is left out is unknown, or the model has none of it."""

    precision: Precision
    """Of its arithmetic; weights may be stored in fewer bits."""
    layers: Annotated[int, Field(ge=1)] | None = None
    """That follow each other in every step, each of some kernels; None where nobody counted them."""
    weight_bytes: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """Bytes of all weights: held in memory, and read once a step whatever the batch."""
    kv_cache_bytes_per_token: Amount = 0.0
    """Bytes of keys and values that stay in memory for each token of a request."""
    token_in: UnitWork | None = None
    """A token of a prompt; all of a prompt are read in one step."""
    token_out: UnitWork | None = None
    """A token of an answer; one a step."""
    pixel_step: UnitWork | None = None
    """A pixel of the result in one denoising step."""
    audio_second: UnitWork | None = None
    """A second of sound; all of a request in one step."""

    def unit(self, unit: Unit) -> UnitWork | None:
        """The work of one unit, None where it is not stated."""
        work: UnitWork | None = getattr(self, unit.value)
        return work
