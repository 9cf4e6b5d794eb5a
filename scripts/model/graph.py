"""The example model as an ONNX graph, written node by node so that no exporter's taste is between weights and file.

One graph serves prefill and decoding: `past` holds keys and values of the tokens seen before, `present` the same with
the new ones behind them. Rows of a batch may have prompts of different lengths: shorter ones are padded on the left,
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

    def normalise(self, x: str, epsilon: float) -> str:
        mean = self.add("ReduceMean", self.add("Mul", x, x), axes=[-1], keepdims=1)
        return self.add("Div", x, self.add("Sqrt", self.add("Add", mean, self.number(epsilon))))


def rotary_tables(shape: Shape) -> tuple[Array, Array]:
    """Cosine and sine by position for the two halves of a head."""
    half = shape.head_width // 2
    frequencies = shape.rotary_base ** (-np.arange(half) / half)
    angles = np.arange(shape.context)[:, None] * frequencies[None, :]
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def _positions_and_mask(b: _Builder, shape: Shape) -> tuple[str, str, str]:
    """Cosine and sine of every new token's position, and what it may see: nothing padded, nothing later."""
    zero, one = b.constant("zero", np.array(0, np.int64)), b.constant("one", np.array(1, np.int64))
    past_length = b.add("Gather", b.add("Shape", "past"), b.constant("three", np.array(3, np.int64)))
    new_length = b.add("Gather", b.add("Shape", "tokens"), one)
    total = b.add("Add", past_length, new_length)
    slots = b.add("Range", past_length, total, one)  # [T], slot of each new token
    padding = b.add("Cast", "padding", to=TensorProto.INT64)  # [B, 1]
    positions = b.add("Max", b.add("Sub", slots, padding), zero)  # [B, T]
    cosine_table, sine_table = rotary_tables(shape)
    cosine = b.add("Unsqueeze", b.add("Gather", b.constant("cosine", cosine_table), positions), b.ints(1))
    sine = b.add("Unsqueeze", b.add("Gather", b.constant("sine", sine_table), positions), b.ints(1))
    keys = b.add("Range", zero, total, one)  # [S]
    real = b.add("GreaterOrEqual", keys, b.add("Unsqueeze", padding, b.ints(1)))  # [B, 1, S]
    earlier = b.add("LessOrEqual", keys, b.add("Unsqueeze", slots, b.ints(1)))  # [T, S]
    seen = b.add("Unsqueeze", b.add("And", real, earlier), b.ints(1))  # [B, 1, T, S]
    return cosine, sine, b.add("Where", seen, b.number(0.0), b.number(-1e9))


def _rotate(b: _Builder, x: str, cosine: str, sine: str, half: int) -> str:
    first, second = b.split(x, [half, half], axis=-1)
    turned_first = b.add("Sub", b.add("Mul", first, cosine), b.add("Mul", second, sine))
    turned_second = b.add("Add", b.add("Mul", first, sine), b.add("Mul", second, cosine))
    return b.add("Concat", turned_first, turned_second, axis=-1)


def _attention(b: _Builder, x: str, layer: int, shape: Shape, places: tuple[str, str, str]) -> tuple[str, str, str]:
    """Attention of one layer: its addition to the stream, and its keys and values with the new ones appended."""
    cosine, sine, bias = places
    projected = b.add("MatMul", b.normalise(x, shape.epsilon), f"attention_in_{layer}")
    heads = b.add("Reshape", projected, b.ints(0, 0, 3 * shape.heads, shape.head_width))
    query, key, value = b.split(b.add("Transpose", heads, perm=[0, 2, 1, 3]), [shape.heads] * 3, axis=1)
    half = shape.head_width // 2
    query = _rotate(b, b.normalise(query, shape.epsilon), cosine, sine, half)
    key = _rotate(b, b.normalise(key, shape.epsilon), cosine, sine, half)
    keys = b.add("Concat", b.add("Squeeze", f"past_{2 * layer}", b.ints(1)), key, axis=2)
    values = b.add("Concat", b.add("Squeeze", f"past_{2 * layer + 1}", b.ints(1)), value, axis=2)
    scores = b.add("MatMul", query, b.add("Transpose", keys, perm=[0, 1, 3, 2]))
    scaled = b.add("Add", b.add("Mul", scores, b.number(2.0 * shape.head_width**-0.5)), bias)
    mixed = b.add("MatMul", b.add("Softmax", scaled, axis=-1), values)
    joined = b.add("Reshape", b.add("Transpose", mixed, perm=[0, 2, 1, 3]), b.ints(0, 0, shape.width))
    return b.add("MatMul", joined, f"attention_out_{layer}"), keys, values


def _hidden(b: _Builder, x: str, layer: int, shape: Shape) -> str:
    inner = b.add("Relu", b.add("MatMul", b.normalise(x, shape.epsilon), f"hidden_in_{layer}"))
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
    x = b.normalise(b.add("Gather", b.constant("embedding", weights["embedding"]), "tokens"), shape.epsilon)
    caches: list[str] = []
    for layer in range(shape.layers):
        added, keys, values = _attention(b, x, layer, shape, places)
        caches += [b.add("Unsqueeze", keys, b.ints(1)), b.add("Unsqueeze", values, b.ints(1))]
        x = b.add("Add", x, added)
        x = b.add("Add", x, _hidden(b, x, layer, shape))
    b.add("Concat", *caches, axis=1, output="present")
    last = b.add("Gather", x, b.constant("last", np.array(-1, np.int64)), axis=1)
    b.add("MatMul", b.normalise(last, shape.epsilon), b.constant("head", weights["head"]), output="logits")
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
            value("padding", TensorProto.INT32, ["batch", 1]),
        ],
        outputs=[
            value("logits", TensorProto.FLOAT, ["batch", shape.vocabulary]),
            value("present", TensorProto.FLOAT, ["batch", *cache, "total", shape.head_width]),
        ],
        initializer=[numpy_helper.from_array(np.array(v, order="C"), n) for n, v in b.constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="aigc")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model
