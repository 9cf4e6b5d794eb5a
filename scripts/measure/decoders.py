"""Models that write: a prompt is read into a key-value cache, then each step writes a token of every request."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from aigc.catalog.reference.architectures import Decoder
from scripts.measure.parts import EPSILON, Layer, Random, Tensor, add_rms_norm, linear, rotated, squared_relu, swiglu

ROTARY_BASE = 10000.0
WRITING_BACKENDS = (SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH)
"""That of cuDNN would make a plan anew for every length of the cache."""


class DecoderWeights:
    """A decoder as it stays on the GPU for all batches."""

    def __init__(self, architecture: Decoder, random: Random) -> None:
        self.architecture = architecture
        self.embedding = random.normal(architecture.vocabulary, architecture.width)
        self.head = random.matrix(architecture.vocabulary, architecture.width)
        self.layers = [random.layer(biased=False) for _ in range(architecture.layers)]
        self.scale = random.ones(architecture.width)
        half = architecture.head_width // 2
        frequencies = ROTARY_BASE ** (-torch.arange(half, device=random.device) / half)
        angles = torch.outer(torch.arange(architecture.context, device=random.device), frequencies)[:, None]
        self.cosine, self.sine = angles.cos(), angles.sin()


class DecoderBatch:
    """Requests that are answered together, and their cache."""

    def __init__(self, weights: DecoderWeights, random: Random, batch: int, read: int, written: int) -> None:
        a = self._architecture = weights.architecture
        self._weights = weights
        self._prompt = random.tokens(a.vocabulary, batch, read)
        self._token = torch.zeros(batch, 1, dtype=torch.int64, device=random.device)
        shape = (batch, a.key_heads, read + written, a.head_width)
        self._cache = [(random.zeros(*shape), random.zeros(*shape)) for _ in range(a.layers)]

    def read(self) -> Tensor:
        """Logits of the first token of each answer, from the whole prompt."""
        return self._written(self._prompt, 0)

    def write(self, position: int) -> Tensor:
        """Logits of the next token: the one before is in the context at `position`."""
        return self._written(self._token, position)

    def disagreement(self) -> float:
        """How far `write` is from reading the same tokens at once, as a share; 1.4 if they had nothing in common."""
        self.read()
        first = self._token.clone()
        written = self.write(self._prompt.shape[1]).float()
        at_once = self._written(torch.cat((self._prompt, first), dim=1), 0).float()
        return float((written - at_once).norm() / at_once.norm())

    def _written(self, tokens: Tensor, position: int) -> Tensor:
        w = self._weights
        x = F.embedding(tokens, w.embedding)
        normed = F.rms_norm(x, x.shape[-1:], w.scale, EPSILON)
        for layer, cache in zip(w.layers, self._cache, strict=True):
            x, normed = add_rms_norm(x, self._attended(layer, cache, normed, position), w.scale)
            hidden = linear(layer, "hidden_in", normed)
            hidden = swiglu(hidden) if self._architecture.gated else squared_relu(hidden)
            x, normed = add_rms_norm(x, linear(layer, "hidden_out", hidden), w.scale)
        logits = F.linear(normed[:, -1], w.head)
        self._token.copy_(logits.argmax(dim=-1, keepdim=True))
        return logits

    def _attended(self, layer: Layer, cache: tuple[Tensor, Tensor], normed: Tensor, position: int) -> Tensor:
        a = self._architecture
        batch, tokens, _ = normed.shape
        end = position + tokens
        turning = a.heads + a.key_heads
        entered = linear(layer, "attention_in", normed).view(batch, tokens, turning + a.key_heads, a.head_width)
        cosine, sine = self._weights.cosine[position:end], self._weights.sine[position:end]
        turned = rotated(entered[:, :, :turning], cosine, sine).transpose(1, 2)
        keys, values = (part[:, :, :end] for part in cache)
        keys[:, :, position:] = turned[:, a.heads :]
        values[:, :, position:] = entered[:, :, turning:].transpose(1, 2)
        query = turned[:, : a.heads]
        if tokens > 1:
            shared = a.heads != a.key_heads
            found = F.scaled_dot_product_attention(query, keys, values, is_causal=True, enable_gqa=shared)
        else:
            # Heads that share keys stand as if they were tokens, so that each key is read once for all of them.
            grouped = query.reshape(batch, a.key_heads, a.heads // a.key_heads, a.head_width)
            with sdpa_kernel([*WRITING_BACKENDS]):
                found = F.scaled_dot_product_attention(grouped, keys, values)
            found = found.reshape(batch, a.heads, 1, a.head_width)
        return linear(layer, "attention_out", found.transpose(1, 2).reshape(batch, tokens, a.width))
