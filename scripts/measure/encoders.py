"""Models that read a text or a window of sound at once."""

from __future__ import annotations

import torch.nn.functional as F

from aigc.catalog.reference.architectures import SpeechEncoder, TextEncoder
from scripts.measure.parts import EPSILON, Random, Tensor, add_layer_norm, attend_to_all, gelu, linear


class TextEncoderWeights:
    """A text encoder as it stays on the GPU for all batches."""

    def __init__(self, architecture: TextEncoder, random: Random) -> None:
        a = self._architecture = architecture
        self._embedding = random.normal(a.vocabulary, a.width)
        self._positions = random.normal(a.positions, a.width)
        self._layers = [random.layer(biased=True) for _ in range(a.layers)]
        self._pooler = random.matrix(a.width, a.width)
        self._scale, self._bias = random.ones(a.width), random.zeros(a.width)

    def encoded(self, tokens: Tensor) -> Tensor:
        """What the first token of each text says of it."""
        scale, bias = self._scale, self._bias
        x = F.embedding(tokens, self._embedding) + self._positions[: tokens.shape[1]]
        x = F.layer_norm(x, x.shape[-1:], scale, bias, EPSILON)
        for layer in self._layers:
            attended = attend_to_all(self._architecture, linear(layer, "attention_in", x))
            _, x = add_layer_norm(x, linear(layer, "attention_out", attended), scale, bias)
            _, x = add_layer_norm(x, linear(layer, "hidden_out", gelu(linear(layer, "hidden_in", x))), scale, bias)
        return F.linear(x[:, 0], self._pooler).tanh()


class SpeechEncoderWeights:
    """A speech encoder as it stays on the GPU for all batches."""

    def __init__(self, architecture: SpeechEncoder, random: Random) -> None:
        a = self._architecture = architecture
        frames = a.kernel_frames
        self._first = random.matrix(a.width, a.mel_bins * frames).view(a.width, a.mel_bins, frames)
        self._second = random.matrix(a.width, a.width * frames).view(a.width, a.width, frames)
        self._positions = random.normal(a.positions, a.width)
        self._layers = [random.layer(biased=True) for _ in range(a.layers)]
        self._scale, self._bias = random.ones(a.width), random.zeros(a.width)

    def encoded(self, mel: Tensor) -> Tensor:
        """Of (batch, mel bins, frames), what is heard at each position."""
        scale, bias = self._scale, self._bias
        x = gelu(F.conv1d(mel, self._first, padding=1))
        x = gelu(F.conv1d(x, self._second, stride=self._architecture.stride, padding=1))
        x = x.transpose(1, 2).contiguous() + self._positions
        normed = F.layer_norm(x, x.shape[-1:], scale, bias, EPSILON)
        for layer in self._layers:
            attended = attend_to_all(self._architecture, linear(layer, "attention_in", normed))
            x, normed = add_layer_norm(x, linear(layer, "attention_out", attended), scale, bias)
            hidden = gelu(linear(layer, "hidden_in", normed))
            x, normed = add_layer_norm(x, linear(layer, "hidden_out", hidden), scale, bias)
        return normed
