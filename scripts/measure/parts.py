"""What every model here is made of: random weights, norms that are one kernel, attention."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from aigc.catalog.reference.architectures import Transformer

EPSILON = 1e-5

Tensor = Any
"""A `torch.Tensor`; where types are checked there is no PyTorch."""
Layer = dict[str, Tensor]


class Random:
    """Weights that keep activations about as large as they come in."""

    def __init__(self, architecture: Transformer, device: str, seed: int) -> None:
        self._made = {"dtype": getattr(torch, architecture.dtype), "device": device}
        self._generator = torch.Generator(device).manual_seed(seed)
        self.architecture = architecture
        self.device = device

    def normal(self, *shape: int) -> Tensor:
        """Of variance 1."""
        return torch.randn(*shape, generator=self._generator, **self._made)

    def matrix(self, wide_out: int, wide_in: int) -> Tensor:
        """For `linear`: what comes out has the variance of what goes in."""
        return self.normal(wide_out, wide_in) * wide_in**-0.5

    def ones(self, *shape: int) -> Tensor:
        """The scale of a norm."""
        return torch.ones(*shape, **self._made)

    def zeros(self, *shape: int) -> Tensor:
        """A bias, a cache."""
        return torch.zeros(*shape, **self._made)

    def tokens(self, vocabulary: int, *shape: int) -> Tensor:
        """Of a prompt."""
        return torch.randint(vocabulary, shape, generator=self._generator, device=self.device)

    def layer(self, biased: bool) -> Layer:
        """The matrices that every transformer has, with biases or without."""
        a = self.architecture
        made = {
            "attention_in": self.matrix(a.attention_in, a.width),
            "attention_out": self.matrix(a.width, a.width),
            "hidden_in": self.matrix(a.hidden_in, a.width),
            "hidden_out": self.matrix(a.width, a.hidden),
        }
        if biased:
            made |= {f"{name}_bias": self.zeros(matrix.shape[0]) for name, matrix in made.items()}
        return made


def linear(layer: Layer, name: str, x: Tensor) -> Tensor:
    """The product by a matrix of a layer, with its bias where it has one."""
    return F.linear(x, layer[name], layer.get(f"{name}_bias"))


def _add_rms_norm(x: Tensor, delta: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    total = x + delta
    return total, F.rms_norm(total, total.shape[-1:], scale, EPSILON)


def _add_layer_norm(x: Tensor, delta: Tensor, scale: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    total = x + delta
    return total, F.layer_norm(total, total.shape[-1:], scale, bias, EPSILON)


def _add_modulated_norm(x: Tensor, delta: Tensor, gate: Tensor, shift: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    total = x + gate * delta
    return total, F.layer_norm(total, total.shape[-1:], eps=EPSILON) * (1 + scale) + shift


def _swiglu(x: Tensor) -> Tensor:
    gate, up = x.chunk(2, dim=-1)
    return F.silu(gate) * up


def _squared_relu(x: Tensor) -> Tensor:
    return F.relu(x).square()


def _rotated(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    turned = torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)
    return turned.to(x.dtype)


# A serving engine has one kernel for each of these.
add_rms_norm = torch.compile(_add_rms_norm)
add_layer_norm = torch.compile(_add_layer_norm)
add_modulated_norm = torch.compile(_add_modulated_norm)
swiglu = torch.compile(_swiglu)
squared_relu = torch.compile(_squared_relu)
rotated = torch.compile(_rotated)


def gelu(x: Tensor) -> Tensor:
    """One kernel in PyTorch as it is."""
    return F.gelu(x, approximate="tanh")


def attend_to_all(architecture: Transformer, entered: Tensor) -> Tensor:
    """Attention of every token of (batch, tokens, width of what enters) to every token of its request."""
    batch, tokens, _ = entered.shape
    heads = entered.view(batch, tokens, 3, architecture.heads, architecture.head_width)
    query, key, value = heads.permute(2, 0, 3, 1, 4).unbind(0)
    return F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(batch, tokens, architecture.width)
