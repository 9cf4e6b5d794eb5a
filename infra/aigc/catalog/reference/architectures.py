"""The numbers of each architecture, for the program that measures it and for the arithmetic that predicts it.

Nothing is imported but the standard library, since a machine that measures has nothing of ours installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

NUMBER_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
"""By the name that PyTorch has for it."""


@dataclass(frozen=True)
class Transformer:
    """Equal layers, each of attention and two matrices around a hidden width, or three where it is gated."""

    name: str
    dtype: str
    layers: int
    width: int
    heads: int
    hidden: int

    gated: ClassVar[bool] = False

    @property
    def head_width(self) -> int:
        """Numbers of a query, key or value per head."""
        return self.width // self.heads

    @property
    def key_heads(self) -> int:
        """Heads of keys, and as many of values."""
        return self.heads

    @property
    def key_width(self) -> int:
        """Numbers of all keys of a token in a layer, and as many of values."""
        return self.key_heads * self.head_width

    @property
    def attention_in(self) -> int:
        """Width of what enters attention: queries, keys and values."""
        return self.width + 2 * self.key_width

    @property
    def hidden_in(self) -> int:
        """Width of what comes out of the first matrix, or the first two, of the hidden part."""
        return (2 if self.gated else 1) * self.hidden

    @property
    def layer_parameters(self) -> int:
        """Of the matrices that every token goes through in a layer."""
        attention = self.width * self.attention_in + self.width * self.width
        return attention + self.width * self.hidden_in + self.hidden * self.width

    @property
    def number_bytes(self) -> int:
        """Of each weight and each activation."""
        return NUMBER_BYTES[self.dtype]


@dataclass(frozen=True)
class Decoder(Transformer):
    """Writes token by token; pre-norm, rotary positions, an embedding and a head of their own."""

    vocabulary: int
    context: int


@dataclass(frozen=True)
class GatedDecoder(Decoder):
    """With a gate in the hidden part (SwiGLU), and several heads of queries for one of keys."""

    shared_key_heads: int

    gated: ClassVar[bool] = True

    @property
    def key_heads(self) -> int:
        """Fewer than heads of queries."""
        return self.shared_key_heads


@dataclass(frozen=True)
class TextEncoder(Transformer):
    """Reads a text at once; post-norm, learned positions."""

    vocabulary: int
    positions: int


@dataclass(frozen=True)
class SpeechEncoder(Transformer):
    """Reads a window of sound at once: two convolutions of 3 frames, the second over every other frame."""

    mel_bins: int
    frames: int
    """Of a window."""
    window_seconds: float

    kernel_frames: ClassVar[int] = 3
    stride: ClassVar[int] = 2

    @property
    def positions(self) -> int:
        """Of a window, after the convolutions."""
        return self.frames // self.stride


@dataclass(frozen=True)
class Denoiser(Transformer):
    """A diffusion transformer (DiT): patches of a latent picture, each layer modulated by the step and the class."""

    classes: int
    """Of pictures, no class included."""
    picture_side: int
    """Pixels."""
    pixels_per_latent: int
    """Along a side."""
    channels: int
    patch: int
    """Latents along a side of a patch."""
    step_width: int
    """Sines and cosines that say which step it is."""

    modulations: ClassVar[int] = 6
    """A shift, a scale and a gate, for attention and for the hidden part."""
    final_modulations: ClassVar[int] = 2

    @property
    def latent_side(self) -> int:
        """Of the latent picture."""
        return self.picture_side // self.pixels_per_latent

    @property
    def patch_numbers(self) -> int:
        """What goes into the model for a patch; twice as much comes out, since it estimates variances too."""
        return self.channels * self.patch**2

    @property
    def patches(self) -> int:
        """Of a picture; a token each."""
        return (self.latent_side // self.patch) ** 2

    @property
    def pixels(self) -> int:
        """Of a picture."""
        return self.picture_side**2


LLAMA_8B = GatedDecoder(
    "llama-3-8b-sized", "bfloat16", layers=32, width=4096, heads=32, shared_key_heads=8, hidden=14336,
    vocabulary=128256, context=8192,
)  # fmt: skip
"""Llama 3 8B (arXiv 2407.21783, table 3)."""
TINY_LLAMA = GatedDecoder(
    "tinyllama-1.1b-sized", "bfloat16", layers=22, width=2048, heads=32, shared_key_heads=4, hidden=5632,
    vocabulary=32000, context=2048,
)  # fmt: skip
"""TinyLlama (arXiv 2401.02385, table 1)."""
GPT_CORE = Decoder(
    "gpt-core-sized", "float32", layers=4, width=128, heads=4, hidden=512, vocabulary=258, context=256
)  # fmt: skip
"""The repository's `gpt_core`."""
WHISPER_LARGE = SpeechEncoder(
    "whisper-large-v3-encoder-sized", "float16", layers=32, width=1280, heads=20, hidden=5120, mel_bins=128,
    frames=3000, window_seconds=30.0,
)  # fmt: skip
"""Whisper large (arXiv 2212.04356, table 1), with the 128 mel bins of its third version."""
DIT_XL_2 = Denoiser(
    "dit-xl-2-512-sized", "bfloat16", layers=28, width=1152, heads=16, hidden=4608, classes=1001, picture_side=512,
    pixels_per_latent=8, channels=4, patch=2, step_width=256,
)  # fmt: skip
"""DiT-XL/2 at 512 x 512 (arXiv 2212.09748, tables 1 and 4)."""
BERT_BASE = TextEncoder(
    "bert-base-sized", "float16", layers=12, width=768, heads=12, hidden=3072, vocabulary=30522, positions=512
)  # fmt: skip
"""BERT base (arXiv 1810.04805)."""
ARCHITECTURES: tuple[Transformer, ...] = (GPT_CORE, BERT_BASE, WHISPER_LARGE, DIT_XL_2, TINY_LLAMA, LLAMA_8B)
