"""Models that make a picture out of noise, step by step."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from aigc.catalog.reference.architectures import Denoiser
from scripts.measure.parts import EPSILON, Random, Tensor, add_modulated_norm, attend_to_all, gelu, linear

STEP_SIZE = 0.02
"""Of the noise that is taken away in a step; any that keeps the numbers finite does the same work."""


class DenoiserWeights:
    """A denoiser as it stays on the GPU for all batches."""

    def __init__(self, architecture: Denoiser, random: Random) -> None:
        a = self.architecture = architecture
        self._patch = random.matrix(a.width, a.patch_numbers)
        self._positions = random.normal(a.patches, a.width)
        self._step = (random.matrix(a.width, a.step_width), random.matrix(a.width, a.width))
        self._classes = random.normal(a.classes, a.width)
        self._layers = [random.layer(biased=True) for _ in range(a.layers)]
        for layer in self._layers:
            layer["modulation"] = random.matrix(a.modulations * a.width, a.width)
        self._final_modulation = random.matrix(a.final_modulations * a.width, a.width)
        self._final = random.matrix(2 * a.patch_numbers, a.width)
        half = a.step_width // 2
        self._frequencies = torch.exp(-math.log(10000) * torch.arange(half, device=random.device) / half)

    def noise(self, latents: Tensor, step: Tensor, classes: Tensor) -> Tensor:
        """The noise in (batch, patches, numbers of a patch), at (batch,) steps, of pictures of (batch,) classes."""
        architecture = self.architecture
        modulations = self._modulations(F.silu(self._condition(step, classes)))
        x = F.linear(latents, self._patch) + self._positions
        shift, scale = modulations[0][:2]
        normed = F.layer_norm(x, x.shape[-1:], eps=EPSILON) * (1 + scale) + shift
        for layer, here, after in zip(self._layers, modulations, modulations[1:], strict=False):
            attended = attend_to_all(architecture, linear(layer, "attention_in", normed))
            x, normed = add_modulated_norm(x, linear(layer, "attention_out", attended), here[2], here[3], here[4])
            hidden = gelu(linear(layer, "hidden_in", normed))
            x, normed = add_modulated_norm(x, linear(layer, "hidden_out", hidden), here[5], after[0], after[1])
        estimate, _ = F.linear(normed, self._final).chunk(2, dim=-1)
        return estimate

    def _condition(self, step: Tensor, classes: Tensor) -> Tensor:
        angles = step[:, None] * self._frequencies
        waves = torch.cat((angles.cos(), angles.sin()), dim=-1).to(self._patch.dtype)
        first, second = self._step
        return F.linear(F.silu(F.linear(waves, first)), second) + F.embedding(classes, self._classes)

    def _modulations(self, condition: Tensor) -> list[tuple[Tensor, ...]]:
        """Shift, scale and gate of both halves of each layer; in the end the last shift and scale."""
        a = self.architecture
        made = [
            F.linear(condition, layer["modulation"])[:, None].chunk(a.modulations, dim=-1) for layer in self._layers
        ]
        return [*made, F.linear(condition, self._final_modulation)[:, None].chunk(a.final_modulations, dim=-1)]


class DenoiserBatch:
    """Pictures that are made together."""

    def __init__(self, weights: DenoiserWeights, random: Random, batch: int) -> None:
        a = weights.architecture
        self._weights = weights
        self._noise = random.normal(batch, a.patches, a.patch_numbers)
        self._classes = random.tokens(a.classes, batch)
        self._latents = self._noise.clone()
        self._step = torch.zeros(batch, device=random.device)

    def begin(self) -> Tensor:
        """Noise alone."""
        self._step.fill_(1000.0)
        return self._latents.copy_(self._noise)

    def denoise(self) -> Tensor:
        """A step towards the picture."""
        noise = self._weights.noise(self._latents, self._step, self._classes)
        self._step.sub_(1000.0 * STEP_SIZE)
        return self._latents.sub_(noise, alpha=STEP_SIZE)
