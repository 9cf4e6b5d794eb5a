"""The answer where there is none: what is not known, or does not fit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rejection:
    """Why an accelerator cannot be considered for a model."""

    reason: str
    """A sentence for a person, without its full stop."""
    largest_batch: int | None = None
    """Where only the batch is too large: the largest that fits, 0 where none does."""
