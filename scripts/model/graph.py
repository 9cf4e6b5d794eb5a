"""The example model as an ONNX graph, written node by node so that no exporter's taste is between weights and file.

One graph serves prefill and decoding: `past` holds keys and values of the tokens seen before in its first `filled`
slots, `added` gives those of the new tokens, which the caller puts behind them: a cache that went out whole would be
copied three times a token. Rows of a batch may have prompts of different lengths: shorter ones are padded on the left,
`padding` says by how many slots (slots of `past` included), and those slots are neither seen nor counted as positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from scripts.model.shape import Shape

OPSET = 17
IR_VERSION = 8
"""Both old enough for every ONNX Runtime of the last three years: the full Triton image brings its own."""

Array = np.ndarray[Any, Any]


class _Builder:
    """Collects nodes and constants; every method returns the name of what it added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, Array] = {}

    def constant(self, name: str, value: Array) -> str:
        self.constants.setdefault(name, value)
        return name

    def ints(self, *values: int) -> str:
        return self.constant("ints_" + "_".join(map(str, values)).replace("-", "m"), np.array(values, np.int64))

    def number(self, value: float) -> str:
        return self.constant(f"number_{value}", np.array(value, np.float32))

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def split(self, source: str, sizes: list[int], axis: int) -> list[str]:
        names = [f"split_{len(self.nodes)}_{part}" for part in range(len(sizes))]
        self.nodes.append(helper.make_node("Split", [source, self.ints(*sizes)], names, axis=axis))
        return names

    def normalise(self, x: str, width: int, epsilon: float) -> str:
        """Root-mean-square norm in the six nodes that ONNX Runtime fuses into one; the scale of ones is one of them."""
        mean = self.add("ReduceMean", self.add("Pow", x, self.number(2.0)), axes=[-1], keepdims=1)
        root = self.add("Sqrt", self.add("Add", mean, self.number(epsilon)))
        return self.add("Mul", self.add("Div", x, root), self.constant(f"ones_{width}", np.ones(width, np.float32)))


def rotary_tables(shape: Shape) -> tuple[Array, Array]:
    """Cosine and sine by position for the two halves of a head, [context, head width]."""
    half = shape.head_width // 2
    frequencies = shape.rotary_base ** (-np.arange(half) / half)
    angles = np.tile(np.arange(shape.context)[:, None] * frequencies[None, :], 2)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def quarter_turn(shape: Shape) -> Array:
    """The matrix that makes (-second half, first half) of a head, in one node and exactly: it holds 0, 1 and -1."""
    half = shape.head_width // 2
    turn = np.zeros((shape.head_width, shape.head_width), np.float32)
    turn[half + np.arange(half), np.arange(half)] = -1
    turn[np.arange(half), half + np.arange(half)] = 1
    return turn


def _positions_and_mask(b: _Builder, shape: Shape) -> tuple[str, str, str]:
    """Cosine and sine of every new token's position, and what it may see: nothing padded or unfilled, nothing later."""
    zero, one = b.constant("zero", np.array(0, np.int64)), b.constant("one", np.array(1, np.int64))
    past_length = b.add("Gather", b.add("Shape", "past"), b.constant("three", np.array(3, np.int64)))
    new_length = b.add("Gather", b.add("Shape", "tokens"), one)
    lengths = [b.add("Unsqueeze", length, b.ints(0)) for length in (past_length, new_length)]
    b.add("Concat", *lengths, axis=0, output="lengths")
    padding = b.add("Cast", "padding", to=TensorProto.INT64)  # [B, 1]
    filled = b.add("Cast", "filled", to=TensorProto.INT64)  # [B, 1]
    new_slots = b.add("Add", filled, b.add("Range", zero, new_length, one))  # [B, T]
    positions = b.add("Max", b.add("Sub", new_slots, padding), zero)  # [B, T]
    cosine_table, sine_table = rotary_tables(shape)
    cosine = b.add("Unsqueeze", b.add("Gather", b.constant("cosine", cosine_table), positions), b.ints(1, 2))
    sine = b.add("Unsqueeze", b.add("Gather", b.constant("sine", sine_table), positions), b.ints(1, 2))
    past_slots = b.add("Range", zero, past_length, one)  # [P]
    unseen = b.constant("unseen", np.array(-1, np.int64))
    real_past = b.add("Where", b.add("Less", past_slots, filled), past_slots, unseen)  # [B, P]
    slots = b.add("Concat", real_past, new_slots, axis=1)  # [B, P + T]
    real = b.add("Unsqueeze", b.add("GreaterOrEqual", slots, padding), b.ints(1))  # [B, 1, P + T]
    earlier = b.add("LessOrEqual", b.add("Unsqueeze", slots, b.ints(1)), b.add("Unsqueeze", new_slots, b.ints(2)))
    seen = b.add("Unsqueeze", b.add("And", real, earlier), b.ints(1, 2))  # [B, 1, 1, T, P + T]
    return cosine, sine, b.add("Where", seen, b.number(0.0), b.number(-1e9))


def _rotate(b: _Builder, x: str, cosine: str, sine: str, shape: Shape) -> str:
    turned = b.add("MatMul", x, b.constant("quarter_turn", quarter_turn(shape)))
    return b.add("Add", b.add("Mul", x, cosine), b.add("Mul", turned, sine))


def _last(b: _Builder, x: str, axis: int) -> str:
    """The last of an axis, which stays."""
    return b.add("Slice", x, b.ints(-1), b.ints(np.iinfo(np.int64).max), b.ints(axis))


def _attention(b: _Builder, x: str, layer: int, shape: Shape, places: tuple[str, str, str]) -> tuple[str, str]:
    """Attention of one layer: its addition to the stream, and the keys and values of the new tokens, [B, 2, H, T, D].

    Past and new tokens are scored apart, so that the past is read where it lies and never copied. Only the last token
    of the last layer has a reader: the others are left out there.
    """
    cosine, sine, bias = places
    projected = b.add("MatMul", b.normalise(x, shape.width, shape.epsilon), f"attention_in_{layer}")
    heads = b.add("Reshape", projected, b.ints(0, 0, 3, shape.heads, shape.head_width))
    query_key, value = b.split(b.add("Transpose", heads, perm=[0, 2, 3, 1, 4]), [2, 1], axis=1)
    query_key = _rotate(b, b.normalise(query_key, shape.head_width, shape.epsilon), cosine, sine, shape)
    query, key = b.split(query_key, [1, 1], axis=1)
    if layer == shape.layers - 1:
        query, bias = _last(b, query, 3), _last(b, bias, 3)
    query = b.add("Mul", query, b.number(2.0 * shape.head_width**-0.5))
    past_key, past_value = f"past_{2 * layer}", f"past_{2 * layer + 1}"
    scores = [b.add("MatMul", query, b.add("Transpose", k, perm=[0, 1, 2, 4, 3])) for k in (past_key, key)]
    shares = b.add("Softmax", b.add("Add", b.add("Concat", *scores, axis=-1), bias), axis=-1)
    name = f"shares_{layer}"
    b.nodes.append(helper.make_node("Split", [shares, "lengths"], [f"{name}_past", f"{name}_new"], axis=-1))
    mixed = b.add("Add", b.add("MatMul", f"{name}_past", past_value), b.add("MatMul", f"{name}_new", value))
    joined = b.add("Reshape", b.add("Transpose", mixed, perm=[0, 3, 1, 2, 4]), b.ints(0, 0, shape.width))
    return b.add("MatMul", joined, f"attention_out_{layer}"), b.add("Concat", key, value, axis=1)


def _hidden(b: _Builder, x: str, layer: int, shape: Shape) -> str:
    inner = b.add("Relu", b.add("MatMul", b.normalise(x, shape.width, shape.epsilon), f"hidden_in_{layer}"))
    return b.add("MatMul", b.add("Mul", inner, inner), f"hidden_out_{layer}")


def build_graph(weights: Mapping[str, Array], shape: Shape) -> onnx.ModelProto:
    """The checked ONNX model of these weights."""
    b = _Builder()
    for name in ("attention_in", "attention_out", "hidden_in", "hidden_out"):
        for layer in range(shape.layers):
            b.constant(f"{name}_{layer}", weights[name][layer])
    b.nodes.append(helper.make_node("Split", ["past", b.ints(*[1] * (2 * shape.layers))],
                                    [f"past_{part}" for part in range(2 * shape.layers)], axis=1))  # fmt: skip
    places = _positions_and_mask(b, shape)
    embedded = b.add("Gather", b.constant("embedding", weights["embedding"]), "tokens")
    x = b.normalise(embedded, shape.width, shape.epsilon)
    caches: list[str] = []
    for layer in range(shape.layers):
        added, cache = _attention(b, x, layer, shape, places)
        caches.append(cache)
        x = b.add("Add", _last(b, x, 1) if layer == shape.layers - 1 else x, added)
        x = b.add("Add", x, _hidden(b, x, layer, shape))
    b.add("Concat", *caches, axis=1, output="added")
    last = b.add("Squeeze", x, b.ints(1))
    b.add("MatMul", b.normalise(last, shape.width, shape.epsilon), b.constant("head", weights["head"]), output="logits")
    return _model(b, shape)


def _model(b: _Builder, shape: Shape) -> onnx.ModelProto:
    cache = [2 * shape.layers, shape.heads]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        b.nodes,
        "gpt_core",
        inputs=[
            value("tokens", TensorProto.INT32, ["batch", "new"]),
            value("past", TensorProto.FLOAT, ["batch", *cache, "past", shape.head_width]),
            value("filled", TensorProto.INT32, ["batch", 1]),
            value("padding", TensorProto.INT32, ["batch", 1]),
        ],
        outputs=[
            value("logits", TensorProto.FLOAT, ["batch", shape.vocabulary]),
            value("added", TensorProto.FLOAT, ["batch", *cache, "new", shape.head_width]),
        ],
        initializer=[numpy_helper.from_array(np.array(v, order="C"), n) for n, v in b.constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="aigc")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model
