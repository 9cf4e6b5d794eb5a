"""The folders of the model repository say the truth: about each other, about the graph and about how it was made."""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest
import yaml
from google.protobuf import text_format
from google.protobuf.json_format import MessageToDict
from tritonclient.grpc import model_config_pb2  # type: ignore[import-untyped,unused-ignore]

from aigc.catalog.model_card import ModelCard
from scripts.model import corpus
from scripts.model.client import streaming_companion
from scripts.model.shape import SHAPE
from tests.pure.model.conftest import GRAPH, REPOSITORY

MODELS = sorted(path.name for path in REPOSITORY.iterdir() if path.is_dir())
IN_EVERY_IMAGE = {"numpy", "onnxruntime", "triton_python_backend_utils"}
"""What model code may import beside the standard library: the wheels of the local image and Triton's own module."""
LARGEST_BYTES = 5_000_000


def config(model: str) -> dict[str, Any]:
    message = text_format.Parse(
        (REPOSITORY / model / "config.pbtxt").read_text("utf-8"), model_config_pb2.ModelConfig()
    )
    return dict(MessageToDict(message, preserving_proto_field_name=True))


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = {str(index): item for index, item in enumerate(value)}.items()
    else:
        return {path: value}
    return {key: leaf for name, item in items for key, leaf in leaves(item, f"{path}.{name}".strip(".")).items()}


def differences(one: str, other: str) -> set[str]:
    first, second = leaves(config(one)), leaves(config(other))
    return {key for key in first.keys() | second.keys() if first.get(key) != second.get(key)}


@pytest.mark.parametrize("model", MODELS)
def test_a_folder_is_a_model_of_that_name(model: str) -> None:
    assert config(model)["name"] == model
    card = yaml.safe_load((REPOSITORY / model / "model.yaml").read_text("utf-8"))
    ModelCard.model_validate_json(json.dumps(card))
    assert all((REPOSITORY / companion / "config.pbtxt").is_file() for companion in card.get("requires", ()))


def test_the_handbook_differs_from_gpt_by_batching_alone() -> None:
    assert differences("gpt", "gpt_handbook") == {
        "name",
        "input.0.allow_ragged_batch",
        "dynamic_batching.max_queue_delay_microseconds",
    }
    handbook = config("gpt_handbook")
    assert handbook["max_batch_size"] == 8
    assert handbook["instance_group"] == [{"count": 2, "kind": "KIND_CPU"}]
    assert "dynamic_batching" not in handbook
    assert handbook["input"][0] == {"name": "INPUT__0", "data_type": "TYPE_INT32", "dims": ["-1"]}


def test_the_stream_differs_from_gpt_by_its_transaction_policy_alone() -> None:
    assert differences("gpt", "gpt_stream") == {"name", "model_transaction_policy.decoupled"}
    assert config("gpt_stream")["model_transaction_policy"] == {"decoupled": True}


@pytest.mark.parametrize("model", ["gpt_stream", "gpt_handbook"])
@pytest.mark.parametrize("file", ["model.py", "decode.py"])
def test_the_variants_run_the_same_code(model: str, file: str) -> None:
    path = REPOSITORY / model / "1" / file
    assert path.is_symlink()
    assert path.resolve() == (REPOSITORY / "gpt" / "1" / file).resolve()


def test_only_gpt_has_a_streaming_companion() -> None:
    assert {model: streaming_companion(model) for model in ("gpt", "gpt_handbook", "none")} == {
        "gpt": "gpt_stream",
        "gpt_handbook": None,
        "none": None,
    }


def test_the_core_is_configured_as_its_graph_is() -> None:
    graph, core = onnx.load(GRAPH).graph, config("gpt_core")
    types = {int(onnx.TensorProto.INT32): "TYPE_INT32", int(onnx.TensorProto.FLOAT): "TYPE_FP32"}
    for tensors, configured in ((graph.input, core["input"]), (graph.output, core["output"])):
        declared = {item["name"]: (item["data_type"], [int(size) for size in item["dims"]]) for item in configured}
        for tensor in tensors:
            first, *sizes = tensor.type.tensor_type.shape.dim
            assert first.dim_param == "batch"
            found = [size.dim_value or -1 for size in sizes]
            assert declared.pop(tensor.name) == (types[int(tensor.type.tensor_type.elem_type)], found)
        assert not declared


def test_the_facts_about_the_weights_are_true() -> None:
    facts = yaml.safe_load((REPOSITORY / "gpt_core" / "weights.yaml").read_text("utf-8"))
    data = GRAPH.read_bytes()
    assert facts["sha256"] == hashlib.sha256(data).hexdigest()
    assert facts["bytes"] == len(data) < LARGEST_BYTES
    width, hidden = SHAPE.width, SHAPE.hidden
    expected = SHAPE.layers * (4 * width * width + 2 * width * hidden) + 2 * SHAPE.vocabulary * width
    assert facts["parameters"] == expected
    assert 4 * expected < len(data)
    assert facts["corpus"]["sha256"] == corpus.PACKAGE_SHA256
    assert facts["corpus"]["version"] == corpus.PACKAGE_VERSION
    assert 1.0 < facts["training"]["held_out_bits_per_byte"] < 3.0
    held_out = facts["training"]["held_out_bytes"]
    assert 0.04 < held_out / (held_out + facts["training"]["training_bytes"]) < 0.06
    assert facts["training"]["library"].startswith("jax 0.10.2")


@pytest.mark.parametrize("path", sorted(REPOSITORY.glob("*/*/*.py")), ids=lambda path: "/".join(path.parts[-3:]))
def test_model_code_imports_only_what_its_image_has(path: Path) -> None:
    allowed = IN_EVERY_IMAGE | set(sys.stdlib_module_names) | {other.stem for other in path.parent.glob("*.py")}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        assert {name.split(".")[0] for name in names} <= allowed


def test_paragraphs_are_prose_without_markup_or_code() -> None:
    parser = corpus._Paragraphs()
    parser.feed(
        '<div class="para">The <code>apt</code> “tool” — fetches\n   packages and the sources they were made of.'
        '<pre class="screen"># apt update</pre> It is caf&#233; proof.</div>'
        '<div class="toc">no prose, although it would be long enough to be some</div>'
        '<div class="para">too short</div>'
    )
    parser.close()
    assert parser.found == ['The apt "tool"  -  fetches packages and the sources they were made of. It is cafe proof.']


def test_the_image_brings_a_numpy_that_the_python_backend_reads() -> None:
    """Triton 2.51's backend sees arrays of NumPy 2 as empty: `input byte size mismatch ... got 0`."""
    catalog = yaml.safe_load((REPOSITORY.parent / "infra/aigc/catalog/versions.yaml").read_text("utf-8"))
    assert str(catalog["wheels"]["numpy"]).startswith("1.26.")
