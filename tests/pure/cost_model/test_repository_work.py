"""The work that the repository's cards state, against a count of every matrix product in the graph itself."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped,unused-ignore]
import pytest
import yaml

from aigc.catalog.accelerators import accelerators
from aigc.catalog.model_work import ModelWork
from aigc.config.stacks import MODEL_REPOSITORY
from aigc.plan.content_hash import content_hash, model_files
from aigc.plan.cost_model.estimate import Estimate, estimate
from aigc.plan.cost_model.phases import Phase, phases_of
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.request import Request
from aigc.plan.cost_model.served_work import ServedWork, served_work
from aigc.plan.repository import Model, companions, read_model

GRAPH = MODEL_REPOSITORY / "gpt_core" / "1" / "model.onnx"
FLOAT_BYTES = 4


def models_of(name: str) -> tuple[Model, ...]:
    model, faults = read_model(MODEL_REPOSITORY, name)
    assert model is not None, faults
    found, faults = companions(MODEL_REPOSITORY, model)
    assert not faults
    return found


def served(name: str) -> ServedWork:
    return served_work(models_of(name))


def core_work() -> ModelWork:
    work = served("gpt_core").work
    assert isinstance(work, ModelWork)
    return work


def phases(request: Request) -> tuple[Phase, ...]:
    found = phases_of("gpt", core_work(), request)
    assert not isinstance(found, Rejection)
    return found


def products(new: int, past: int) -> Iterator[tuple[float, float]]:
    """FLOPs and, of products by weights, bytes in and out, for each MatMul of one call, by the shapes it really has."""
    model = onnx.load(GRAPH)
    nodes = [node for node in model.graph.node if node.op_type == "MatMul"]
    weights = {weight.name for weight in model.graph.initializer}
    given = weights | {value.name for value in model.graph.output}
    wanted = {name for node in nodes for name in (node.input[0], *node.output)} - given
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(wanted))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    feed = {
        "tokens": np.zeros((1, new), np.int32),
        "past": np.zeros((1, 8, 4, past, 32), np.float32),
        "filled": np.full((1, 1), past, np.int32),
        "padding": np.zeros((1, 1), np.int32),
    }
    shapes = {name: value.shape for name, value in zip(names, session.run(names, feed), strict=True)}
    for node in nodes:
        left, result = shapes[node.input[0]], shapes[node.output[0]]
        moved = math.prod(left) + math.prod(result) if node.input[1] in weights else 0
        yield 2.0 * math.prod(result) * left[-1], float(moved * FLOAT_BYTES)


def counted(new: int, past: int) -> tuple[float, float]:
    each = list(products(new, past))
    return sum(flops for flops, _ in each), sum(moved for _, moved in each)


@pytest.mark.parametrize("tokens_in", [2, 7, 200])
def test_a_prompt_is_what_the_graph_computes(tokens_in: int) -> None:
    # The graph's one slot of a past that is not there is multiplied too: it is no token of the request.
    flops, moved = counted(tokens_in, past=1)
    unseen = 2 * 2 * 128 * (3 * tokens_in + 1)
    (prefill,) = phases(Request(tokens_in=tokens_in))
    assert prefill.flops == flops - unseen
    assert prefill.moved_bytes == moved + 4096 * tokens_in


@pytest.mark.parametrize("tokens_in", [2, 200])
def test_a_written_token_is_what_the_graph_computes(tokens_in: int) -> None:
    flops, moved = counted(1, past=tokens_in)
    _, decode = phases(Request(tokens_in=tokens_in, tokens_out=2))
    assert decode.flops == flops
    assert decode.moved_bytes == moved + 4096 * (tokens_in + 1)


def test_the_weights_are_those_of_the_file() -> None:
    facts = yaml.safe_load((MODEL_REPOSITORY / "gpt_core" / "weights.yaml").read_text("utf-8"))
    assert core_work().weight_bytes == FLOAT_BYTES * facts["parameters"]


@pytest.mark.parametrize("name", ["gpt", "gpt_stream", "gpt_handbook"])
def test_a_model_has_the_work_of_the_one_that_works_for_it(name: str) -> None:
    assert served(name) == ServedWork(name, core_work(), context_tokens=256)


def test_work_that_no_card_or_two_cards_state_is_not_known() -> None:
    gpt, core, *_ = models_of("gpt")
    assert (gpt.name, core.name) == ("gpt", "gpt_core")
    reason = "the work of gpt is not known: neither it nor a model that it requires has a work.yaml"
    assert served_work([gpt]).work == Rejection(reason)
    second = replace(core, name="other")
    reason = "core and other both state work, and how often gpt calls each of them is not known"
    assert served_work([gpt, core, second]).work == Rejection(f"gpt_{reason}")


def test_every_accelerator_gives_a_time_or_a_reason() -> None:
    found = {
        name: estimate(served("gpt"), accelerator, Request(tokens_in=100, tokens_out=64), 8)
        for name, accelerator in accelerators().items()
    }
    timed = {name for name, one in found.items() if isinstance(one, Estimate)}
    known = {
        name
        for name, one in accelerators().items()
        if None not in (one.memory_gb, one.memory_bandwidth_gb_s, one.fp32_tflops)
    }
    assert timed == known
    assert {"nvidia-t4", "nvidia-l4", "nvidia-h100-80gb-sxm"} <= timed
    reasons = [one.reason for one in found.values() if isinstance(one, Rejection)]
    assert all(reason.endswith("is not known") for reason in reasons)


def test_a_better_count_is_no_reason_to_serve_a_model_anew(tmp_path: Path) -> None:
    shutil.copytree(MODEL_REPOSITORY / "gpt_core", tmp_path / "gpt_core")
    counted = content_hash(tmp_path, ["gpt_core"], {})
    assert "work.yaml" not in [inside for inside, _ in model_files(tmp_path / "gpt_core")]
    (tmp_path / "gpt_core" / "work.yaml").unlink()
    assert content_hash(tmp_path, ["gpt_core"], {}) == counted == content_hash(MODEL_REPOSITORY, ["gpt_core"], {})


def test_a_slip_in_a_work_file_is_named_with_its_place(tmp_path: Path) -> None:
    shutil.copytree(MODEL_REPOSITORY / "gpt_core", tmp_path / "gpt_core")
    work = tmp_path / "gpt_core" / "work.yaml"
    work.write_text(work.read_text().replace("weight_bytes: 3409920", "weight_bytes: many"))
    model, (fault,) = read_model(tmp_path, "gpt_core")
    assert model is None and fault.where.endswith("gpt_core/work.yaml: weight_bytes")
