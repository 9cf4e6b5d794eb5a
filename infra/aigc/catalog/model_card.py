"""What `model.yaml` beside a model's `config.pbtxt` says: facts a plan needs and Triton's own file has no place for."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from aigc.catalog.model_work import ModelWork


class Modality(StrEnum):
    """What goes in and out of a model."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"


class Tokenizer(StrEnum):
    """How text becomes token ids."""

    BYTES = "bytes"
    """One token a byte: ids 0 to 255."""


class ModelCard(BaseModel):
    """The file `model_repository/<model>/model.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    modality: Modality
    """What goes in and out."""
    description: str = Field(min_length=1)
    """One sentence for a person who chooses a model."""
    license: str = Field(min_length=1)
    """SPDX identifier of the weights' licence."""
    memory_mib: int = Field(ge=1, le=16_777_216)
    """Peak resident memory of all instances of this model together, in MiB; Triton itself is added by the plan."""
    cpu_millicores: int = Field(ge=1, le=1_024_000)
    """Processor time this model asks for, in thousandths of a core, all instances together."""
    requires: tuple[str, ...] = ()
    """Other models of the repository that must be in the same Triton."""
    tokenizer: Tokenizer | None = None
    """How text becomes tokens; None where the model takes no text."""
    context_tokens: int | None = Field(default=None, ge=3, le=16_777_216)
    """Tokens that begin mark, prompt and answer may have together; None where there is no text or no known limit."""
    endpoint: bool = True
    """False for a model that only serves other models: it cannot be asked for in a stack file by itself."""
    work: ModelWork | None = None
    """What requests make it compute and move, from `work.yaml` beside the card; None where nobody has counted it or
    another model of the pod does it."""
