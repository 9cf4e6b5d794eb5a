"""The example model a second time: numpy, no cache, no padding, from the weights inside the ONNX file."""

from __future__ import annotations

from typing import Any

import numpy as np

from scripts.model.shape import Shape

Array = np.ndarray[Any, Any]


def normalise(x: Array, epsilon: float) -> Array:
    return np.asarray(x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + epsilon))


def rotate(x: Array, shape: Shape) -> Array:
    """x is [heads, length, head width]; the angle of position p and pair i is p / base^(i / half)."""
    half = shape.head_width // 2
    turned = np.empty_like(x)
    for position in range(x.shape[1]):
        for pair in range(half):
            angle = position * shape.rotary_base ** (-pair / half)
            real, imaginary = x[:, position, pair], x[:, position, half + pair]
            turned[:, position, pair] = real * np.cos(angle) - imaginary * np.sin(angle)
            turned[:, position, half + pair] = real * np.sin(angle) + imaginary * np.cos(angle)
    return turned


def attend(x: Array, weights: dict[str, Array], layer: int, shape: Shape) -> Array:
    length = len(x)
    projected = normalise(x, shape.epsilon) @ weights[f"attention_in_{layer}"]
    query, key, value = (
        part.reshape(length, shape.heads, shape.head_width).transpose(1, 0, 2)
        for part in np.split(projected, 3, axis=1)
    )
    query, key = (rotate(normalise(part, shape.epsilon), shape) for part in (query, key))
    scores = 2.0 / np.sqrt(shape.head_width) * query @ key.transpose(0, 2, 1)
    scores[:, np.triu(np.ones((length, length), bool), k=1)] = -np.inf
    share = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = (share / share.sum(axis=-1, keepdims=True)) @ value
    return np.asarray(mixed.transpose(1, 0, 2).reshape(length, -1) @ weights[f"attention_out_{layer}"])


def logits_after(tokens: list[int], weights: dict[str, Array], shape: Shape) -> Array:
    """Logits of the token behind `tokens`, in double precision."""
    doubled = {name: value.astype(np.float64) for name, value in weights.items()}
    x = normalise(doubled["embedding"][tokens], shape.epsilon)
    for layer in range(shape.layers):
        x = x + attend(x, doubled, layer, shape)
        inner = np.maximum(normalise(x, shape.epsilon) @ doubled[f"hidden_in_{layer}"], 0.0)
        x = x + (inner * inner) @ doubled[f"hidden_out_{layer}"]
    return np.asarray(normalise(x[-1], shape.epsilon) @ doubled["head"])
