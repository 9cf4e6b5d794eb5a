"""How large one request is, in the units of a model's work."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from aigc.config.spec_model import SpecModel

Count = Annotated[int, Field(ge=0, le=2**53)]


class Request(SpecModel):
    """What one request asks for; all requests of a batch are taken to be alike."""

    tokens_in: Count = 0
    """Of the prompt, a begin mark included."""
    tokens_out: Count = 0
    """Of the answer, the first of which comes with the reading of the prompt."""
    pixels: Count = 0
    """Of the result."""
    pixel_steps: Count = 0
    """Denoising steps, each over all pixels."""
    audio_seconds: Annotated[float, Field(ge=0)] = 0.0
    """Of sound that is heard or made."""

    @model_validator(mode="after")
    def _is_a_request(self) -> Request:
        if self.tokens_out and not self.tokens_in:
            raise ValueError("tokens_out without tokens_in: an answer begins with a prompt, if only its begin mark")
        if bool(self.pixels) != bool(self.pixel_steps):
            raise ValueError("pixels and pixel_steps belong together: give both or neither")
        if not (self.tokens_in or self.pixels or self.audio_seconds):
            raise ValueError("asks for nothing: give tokens_in, pixels or audio_seconds")
        return self

    @property
    def tokens(self) -> int:
        """All that its context and its key-value cache hold in the end."""
        return self.tokens_in + self.tokens_out
