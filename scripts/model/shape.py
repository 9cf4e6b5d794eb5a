"""The example model's measures and special tokens, known in one place to training, export and tests."""

from __future__ import annotations

from dataclasses import dataclass

BEGIN = 256
END = 257


@dataclass(frozen=True)
class Shape:
    """A byte-level GPT: pre-norm, rotary positions, normalised queries and keys, squared ReLU."""

    vocabulary: int = 258
    """256 bytes, begin, end."""
    width: int = 128
    layers: int = 4
    heads: int = 4
    hidden: int = 512
    context: int = 256
    rotary_base: float = 1000.0
    """Smaller than the usual 10,000: the context is 256 bytes, slower rotations would never turn."""
    epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        """Numbers of a key or value per head."""
        return self.width // self.heads


SHAPE = Shape()
