"""Batching that a stack file sets: what Triton reads then, what follows it, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2  # type: ignore[import-untyped]

from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import EndpointPlan
from aigc.plan.text import render_text
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.stacks_for_tests import add_model, aws, local, write

BATCHED = {"override": True, "max_batch_size": 2, "max_queue_delay_us": 700, "instances": 1}
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("batched", {"max_batch_size": 5}, "batching.max_batch_size", "name 1 to 4"),
    ("batched", {"max_batch_size": 0}, "batching.max_batch_size", "name 1 to 4"),
    ("single", {"max_batch_size": 2, "dynamic": True}, "batching.max_batch_size", "no batch dimension"),
    ("single", {"dynamic": True}, "batching.dynamic", "write false"),
    ("batched", {"dynamic": False, "max_queue_delay_us": 5}, "batching.max_queue_delay_us", "dynamic: true"),
]


@pytest.fixture
def repository(repository: Path) -> Path:
    add_model(repository, "single", 'name: "single"\n')
    return repository


def endpoint(tmp_path: Path, repository: Path, model: str, batching: dict[str, Any]) -> EndpointPlan:
    spec = parse_stack_file(write(tmp_path, local(models={model: {"batching": batching}})))
    plan = resolve(spec, "local-test", repository)
    assert ", set by the stack file" in render_text(plan) or not batching.get("override")
    return plan.endpoints[0]


def read(text: str | None) -> Any:
    assert text is not None
    return text_format.Parse(text, model_config_pb2.ModelConfig())


def test_the_plan_and_what_triton_reads_say_the_same(tmp_path: Path, repository: Path) -> None:
    found = endpoint(tmp_path, repository, "batched", BATCHED)
    assert found.batching.model_dump() == {
        "max_batch_size": 2,
        "dynamic": True,
        "max_queue_delay_us": 700,
        "instances": 1,
    }
    assert found.scaling.target_concurrency == 2, "an autoscaler goes by what is in force"
    config = read(found.triton_config)
    assert (config.max_batch_size, config.dynamic_batching.max_queue_delay_microseconds) == (2, 700)
    assert [group.count for group in config.instance_group] == [1]


def test_what_is_not_named_stays_as_the_model_has_it(tmp_path: Path, repository: Path) -> None:
    found = endpoint(tmp_path, repository, "tiny", {"override": True, "dynamic": True})
    config = read(found.triton_config)
    assert (config.name, config.max_batch_size) == ("tiny", 8)
    assert [(group.count, group.kind) for group in config.instance_group] == [
        (2, model_config_pb2.ModelInstanceGroup.KIND_CPU)
    ]
    assert config.HasField("dynamic_batching") and found.scaling.target_concurrency == 16
    off = endpoint(tmp_path, repository, "batched", {"override": True, "dynamic": False})
    assert not read(off.triton_config).HasField("dynamic_batching") and off.batching.max_queue_delay_us == 0


def test_without_override_the_pod_keeps_the_models_own(tmp_path: Path, repository: Path) -> None:
    assert endpoint(tmp_path, repository, "batched", {"max_batch_size": 4}).triton_config is None


@pytest.mark.parametrize(("model", "batching", "where", "way_out"), REFUSED)
def test_what_nothing_could_serve_is_refused(
    tmp_path: Path, repository: Path, model: str, batching: dict[str, Any], where: str, way_out: str
) -> None:
    asked = {model: {"batching": {"override": True, **batching}}}
    faults = stack_file_faults(write(tmp_path, local(models=asked)), repository)
    assert any(fault.where.endswith(where) and way_out in fault.way_out for fault in faults), faults


def test_files_of_a_bucket_are_served_as_they_are(tmp_path: Path, repository: Path) -> None:
    asked = {"batched": {"source": {"kind": "bucket"}, "batching": BATCHED}}
    faults = stack_file_faults(write(tmp_path, aws(models=asked)), repository)
    assert [fault.where.rpartition(": ")[2] for fault in faults] == ["aigc:stack.models.batched.batching.override"]
