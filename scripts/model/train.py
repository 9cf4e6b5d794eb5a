"""Trains the example model: JAX on one CPU core, seeded, so that the committed weights can be made again.

    python3 -m venv "$WORK/venv" && "$WORK/venv/bin/pip" install -r scripts/model/requirements-train.txt -e .
    "$WORK/venv/bin/python" -m scripts.model.train --work "$WORK"
    "$WORK/venv/bin/python" -m scripts.model.export --work "$WORK"

Muon for the matrices inside the blocks, Adam for embedding and head: the budget is two million bytes, every step has to
count. Seconds and loss are in `training.json` beside the weights.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

# One core and a fixed order of additions: two runs on one kind of processor give the same weights. Before JAX starts.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax  # type: ignore[import-not-found,unused-ignore]
import jax.numpy as jnp  # type: ignore[import-not-found,unused-ignore]
import numpy as np

from scripts.model.corpus import Corpus, read_corpus
from scripts.model.shape import BEGIN, END, SHAPE, Shape

Weights = dict[str, Any]
MATRICES = ("attention_in", "attention_out", "hidden_in", "hidden_out")
SEED = 20240607
BATCH_TOKENS = 1024
LONG_SHARE = 0.4
"""The last part of the steps sees windows of the whole context; before, half of it, which is cheaper."""


def stream(paragraphs: tuple[str, ...]) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Paragraphs as one row of tokens, each between begin and end."""
    rows = [np.array([BEGIN, *text.encode(), END], np.int32) for text in paragraphs]
    return np.concatenate(rows)


def initial_weights(shape: Shape, seed: int) -> Weights:
    """Small random matrices; what writes into the residual stream starts at zero."""
    random = np.random.default_rng(seed)
    width, hidden, layers = shape.width, shape.hidden, shape.layers

    def normal(*size: int, scale: float) -> Any:
        return jnp.asarray(random.normal(0.0, scale, size), jnp.float32)

    return {
        "embedding": normal(shape.vocabulary, width, scale=0.5),
        "attention_in": normal(layers, width, 3 * width, scale=width**-0.5),
        "attention_out": jnp.zeros((layers, width, width), jnp.float32),
        "hidden_in": normal(layers, width, hidden, scale=width**-0.5),
        "hidden_out": jnp.zeros((layers, hidden, width), jnp.float32),
        "head": jnp.zeros((width, shape.vocabulary), jnp.float32),
    }


def normalise(x: Any, epsilon: float) -> Any:
    """Root-mean-square norm without weights."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + epsilon)


def rotary_tables(shape: Shape, length: int) -> tuple[Any, Any]:
    """Cosine and sine by position for the two halves of a head."""
    half = shape.head_width // 2
    frequencies = shape.rotary_base ** (-np.arange(half) / half)
    angles = np.arange(length)[:, None] * frequencies[None, :]
    return jnp.asarray(np.cos(angles), jnp.float32), jnp.asarray(np.sin(angles), jnp.float32)


def rotate(x: Any, cosine: Any, sine: Any) -> Any:
    """Turn the two halves of each head by the angle of its position."""
    first, second = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([first * cosine - second * sine, first * sine + second * cosine], axis=-1)


def forward(weights: Weights, tokens: Any, shape: Shape) -> Any:
    """Logits after every position."""
    batch, length = tokens.shape
    cosine, sine = rotary_tables(shape, length)
    mask = np.tril(np.ones((length, length), bool))
    x = normalise(weights["embedding"][tokens], shape.epsilon)
    for layer in range(shape.layers):
        projected = normalise(x, shape.epsilon) @ weights["attention_in"][layer]
        heads = projected.reshape(batch, length, 3, shape.heads, shape.head_width).transpose(2, 0, 3, 1, 4)
        query = rotate(normalise(heads[0], shape.epsilon), cosine, sine)
        key = rotate(normalise(heads[1], shape.epsilon), cosine, sine)
        scores = (query @ key.swapaxes(-1, -2)) * (shape.head_width**-0.5 * 2.0)
        mixed = jax.nn.softmax(jnp.where(mask, scores, -1e9), axis=-1) @ heads[2]
        x = x + mixed.transpose(0, 2, 1, 3).reshape(batch, length, shape.width) @ weights["attention_out"][layer]
        inner = jnp.maximum(normalise(x, shape.epsilon) @ weights["hidden_in"][layer], 0.0)
        x = x + (inner * inner) @ weights["hidden_out"][layer]
    return normalise(x, shape.epsilon) @ weights["head"]


def mean_loss(weights: Weights, window: Any, shape: Shape) -> Any:
    """Cross entropy in nats per token."""
    log_probability = jax.nn.log_softmax(forward(weights, window[:, :-1], shape), axis=-1)
    return -jnp.mean(jnp.take_along_axis(log_probability, window[:, 1:, None], axis=-1))


def orthogonalise(matrix: Any, steps: int = 4) -> Any:
    """Newton-Schulz: the nearest matrix with all singular values near one (Muon's direction), batched over layers."""
    tall = matrix.shape[-2] > matrix.shape[-1]
    x = matrix.swapaxes(-1, -2) if tall else matrix
    x = x / (jnp.linalg.norm(x, axis=(-2, -1), keepdims=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.swapaxes(-1, -2)
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.swapaxes(-1, -2) if tall else x


def update(weights: Weights, slopes: Weights, memory: Weights, rate: Any, step: Any) -> tuple[Weights, Weights]:
    """One step: Muon with Nesterov momentum 0.95 on block matrices, Adam on embedding and head."""
    new_weights, new_memory = {}, {}
    for name, weight in weights.items():
        slope = slopes[name]
        first, second = memory[name]
        if name in MATRICES:
            first = 0.95 * first + slope
            direction = orthogonalise(slope + 0.95 * first)
            scale = max(1.0, weight.shape[-1] / weight.shape[-2]) ** 0.5
            new_weights[name] = weight * (1.0 - 0.1 * 0.02 * rate) - 0.02 * rate * scale * direction
        else:
            first = 0.9 * first + 0.1 * slope
            second = 0.98 * second + 0.02 * slope * slope
            corrected = (first / (1 - 0.9**step)) / (jnp.sqrt(second / (1 - 0.98**step)) + 1e-8)
            new_weights[name] = weight - (0.02 if name == "embedding" else 0.004) * rate * corrected
        new_memory[name] = (first, second)
    return new_weights, new_memory


def rate_at(step: int, steps: int) -> float:
    """Share of the full learning rate: 20 steps up, flat, linear to zero over the last 60%."""
    return min(1.0, (step + 1) / 20, (steps - step) / (0.6 * steps))


def held_out_bits_per_byte(weights: Weights, corpus: Corpus, shape: Shape) -> float:
    """Bits to code the held-out text (end tokens counted as cost, not as bytes), windows of the whole context."""
    tokens = stream(corpus.held_out)
    windows = -(-(len(tokens) - 1) // shape.context)
    padded = np.full(windows * shape.context + 1, -1, np.int32)
    padded[: len(tokens)] = tokens
    inputs = np.maximum(padded[:-1], 0).reshape(windows, shape.context)
    targets = padded[1:].reshape(windows, shape.context)
    evaluate = jax.jit(lambda w, x: jax.nn.log_softmax(forward(w, x, shape), axis=-1))
    nats = 0.0
    for row in range(windows):
        counted = (targets[row] >= 0) & (targets[row] != BEGIN)
        log_probability = np.asarray(evaluate(weights, inputs[row : row + 1]))[0]
        nats -= float(log_probability[np.arange(shape.context), targets[row]][counted].sum())
    return nats / float(np.log(2)) / sum(len(text.encode()) for text in corpus.held_out)


def train(corpus: Corpus, shape: Shape, steps: int, seed: int) -> Weights:
    """The whole run; prints a line each 100 steps."""
    data = stream(corpus.training)
    weights = initial_weights(shape, seed)
    memory = {name: (jnp.zeros_like(value), jnp.zeros_like(value)) for name, value in weights.items()}
    random = np.random.default_rng(seed + 1)

    def advance(weights: Weights, memory: Weights, window: Any, rate: Any, step: Any) -> Any:
        loss, slopes = jax.value_and_grad(mean_loss)(weights, window, shape)
        return (*update(weights, slopes, memory, rate, step), loss)

    jitted = jax.jit(advance, donate_argnums=(0, 1))
    losses: list[float] = []
    started = time.monotonic()
    for step in range(steps):
        length = shape.context if step >= (1 - LONG_SHARE) * steps else shape.context // 2
        offsets = random.integers(0, len(data) - length - 1, BATCH_TOKENS // length)
        window = np.stack([data[offset : offset + length + 1] for offset in offsets])
        weights, memory, loss = jitted(weights, memory, window, rate_at(step, steps), step + 1.0)
        losses.append(float(loss))
        if step % 100 == 99:
            said = f"step {step + 1}: {np.mean(losses[-100:]) / np.log(2):.3f} bits"
            print(f"{said}, {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
    return weights


def main() -> None:
    """Read the corpus, train, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for the corpus, the weights and training.json")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    corpus = read_corpus(options.work)
    started = time.monotonic()
    weights = train(corpus, SHAPE, options.steps, options.seed)
    facts = {
        "library": f"jax {jax.__version__} on CPU, one thread",
        "seed": options.seed,
        "steps": options.steps,
        "training_bytes": sum(len(text.encode()) for text in corpus.training),
        "held_out_bytes": sum(len(text.encode()) for text in corpus.held_out),
        "held_out_bits_per_byte": round(held_out_bits_per_byte(weights, corpus, SHAPE), 4),
        "training_seconds": round(time.monotonic() - started),
    }
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in weights.items()}
    np.savez(options.work / "weights.npz", **arrays)
    (options.work / "training.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    print(json.dumps(facts, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
