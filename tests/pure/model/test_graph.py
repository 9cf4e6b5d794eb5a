"""The committed graph computes what a second implementation computes, whatever the batch, the padding or the cache."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from scripts.model.graph import build_graph, rotary_tables
from scripts.model.shape import BEGIN, SHAPE
from tests.pure.model.conftest import GRAPH, Array, Core
from tests.pure.model.numpy_gpt import logits_after

TEXTS = (
    "The ",
    "A Debian package is",
    "x",
    "To configure the network interface, edit the file /etc/network/interfaces",
)


@pytest.fixture(scope="module")
def weights() -> dict[str, Array]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(GRAPH).graph.initializer}


def tokens_of(text: str) -> list[int]:
    return [BEGIN, *text.encode()]


def empty_past(rows: int, slots: int = 0) -> Array:
    return np.zeros((rows, 2 * SHAPE.layers, SHAPE.heads, slots, SHAPE.head_width), np.float32)


def column(value: int) -> Array:
    return np.array([[value]], np.int32)


def run(core: Core, text: str) -> Array:
    tokens = np.array([tokens_of(text)], np.int32)
    logits, _ = core(tokens, empty_past(1), column(0), column(0))
    return np.asarray(logits[0])


@pytest.mark.parametrize("text", TEXTS)
def test_it_agrees_with_numpy(core: Core, weights: dict[str, Array], text: str) -> None:
    expected = logits_after(tokens_of(text), weights, SHAPE)
    np.testing.assert_allclose(run(core, text), expected, rtol=0, atol=2e-3 * float(np.abs(expected).max()))


def test_a_padded_batch_gives_the_answers_of_single_rows(core: Core, decode: ModuleType) -> None:
    rows = [decode.Row(list(text.encode()), 1) for text in TEXTS]
    together, _ = core(*decode.first_inputs(rows))
    for index, text in enumerate(TEXTS):
        np.testing.assert_allclose(together[index], run(core, text), rtol=0, atol=1e-3)
        assert together[index].argmax() == run(core, text).argmax()


def test_what_lies_under_the_padding_does_not_matter(core: Core) -> None:
    tokens = np.array([[7, 99, *tokens_of("The ")]], np.int32)
    noise = np.asarray(np.random.default_rng(1).standard_normal(empty_past(1, 3).shape), np.float32)
    padded, _ = core(tokens, noise, column(3), column(5))
    np.testing.assert_allclose(padded[0], run(core, "The "), rtol=0, atol=1e-3)


def test_decoding_with_the_cache_is_recomputing_everything(core: Core) -> None:
    tokens = tokens_of("The kernel is")
    past = np.full_like(empty_past(1, len(tokens) + 3), 9.0)  # slots not filled yet hold anything
    for filled, token in enumerate(tokens):
        logits, added = core(column(token), past, column(filled), column(0))
        assert added.shape == empty_past(1, 1).shape
        past[:, :, :, filled] = added[:, :, :, 0]
    np.testing.assert_allclose(logits[0], run(core, "The kernel is"), rtol=0, atol=1e-3)


def test_the_file_is_what_the_exporter_makes_of_its_weights(weights: dict[str, Array]) -> None:
    stacked = {
        name: np.stack([weights[f"{name}_{layer}"] for layer in range(SHAPE.layers)])
        for name in ("attention_in", "attention_out", "hidden_in", "hidden_out")
    }
    again = build_graph({**stacked, "embedding": weights["embedding"], "head": weights["head"]}, SHAPE)
    assert again.SerializeToString(deterministic=True) == GRAPH.read_bytes()


def test_positions_turn_by_different_speeds() -> None:
    cosine, sine = rotary_tables(SHAPE)
    np.testing.assert_allclose(cosine**2 + sine**2, 1.0, atol=1e-6)
    assert len({tuple(row) for row in cosine.round(5).tolist()}) == SHAPE.context
