"""Every fault of a file of models, with its line and path and the way out."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.faults import UserError
from aigc.config.stacks import PROJECT_ROOT
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.fleet.wanted_file import read_fleet, states_models

EXAMPLE = PROJECT_ROOT / "docs" / "examples" / "fleet.yaml"
TOKEN = {"flops": 2e9, "activation_bytes": 0}
WORK = {"precision": "fp16_bf16", "weight_bytes": 2e9, "token_in": TOKEN, "token_out": TOKEN}
GOOD: dict[str, Any] = {
    "models": [
        {
            "name": "chat",
            "requests_per_second": 5,
            "p99_ms": 2000,
            "work": WORK,
            "classes": [
                {"name": "short", "share": 0.75, "request": {"tokens_in": 100, "tokens_out": 20}},
                {"name": "long", "share": 0.25, "request": {"tokens_in": 1000, "tokens_out": 100}},
            ],
        },
        {
            "name": "seen",
            "requests_per_second": 1,
            "p99_ms": 500,
            "weight_bytes": 1e9,
            "classes": [{"name": "all", "share": 1, "request": {"audio_seconds": 3}}],
            "profiles": [
                {
                    "accelerator_id": "nvidia-l4",
                    "request_class": "all",
                    "batch": 1,
                    "latency_ms": 20,
                    "requests_per_second": 40,
                }
            ],
        },
    ],
    "clouds": {"gcp": ["us-central1"]},
}
FAULTS: list[tuple[tuple[str | int, ...], Any, str, str]] = [
    (("models",), [], "models", "at least 1 item"),
    (("models", 0, "p99_ms"), 0, "models[0].p99_ms", "is 0"),
    (("models", 0, "p99_ms"), "2 s", "models[0].p99_ms", 'is "2 s"'),
    (("models", 0, "requests_per_second"), -1, "models[0].requests_per_second", "is -1"),
    (("models", 0, "p99"), 3, "models[0].p99", "there is no such key"),
    (("models", 1, "name"), "chat", "models[1].name", "is the name of models[0] too"),
    (("models", 0, "classes", 0, "share"), 0.5, "models[0].classes", "have shares of 0.75 in sum"),
    (("models", 0, "classes", 0, "name"), "long", "models[0].classes[1].name", "is the name of classes[0] too"),
    (("models", 0, "classes", 0, "request"), {"tokens_out": 3}, "models[0].classes[0].request", "begins with a prompt"),
    (("models", 0, "work", "precision"), "fp12", "models[0].work.precision", 'is "fp12"'),
    (("models", 0, "weight_bytes"), 1e9, "models[0].weight_bytes", "is said by work too"),
    (("models", 0, "repository_model"), "gpt", "models[0].repository_model", "states the work"),
    (("models", 1, "profiles"), [], "models[1]", "has neither work nor repository_model"),
    (
        ("models", 1, "profiles", 0, "accelerator_id"),
        "l4",
        "models[1].profiles[0].accelerator_id",
        "not in the catalog",
    ),
    (("models", 1, "profiles", 0, "request_class"), "al", "models[1].profiles[0].request_class", "is no class of seen"),
    (("clouds",), {"local": ["here"]}, "clouds.local", "rents no machines"),
    (("clouds",), {"gpc": ["here"]}, "clouds.gpc", 'is "gpc"'),
    (("capacity",), ["spot"], "spot_interrupted", "belongs to capacity spot"),
    (("spot_interrupted",), 0.1, "spot_interrupted", "belongs to capacity spot"),
    (("survive",), "zone", "survive", "there is 1 zone"),
    (("survive",), "region", "survive", 'is "region"'),
    (("quotas",), {"NVIDIA_L4_GPU": 3}, "quotas.NVIDIA_L4_GPU", "no machine of the catalog counts"),
]


def written(folder: Path, document: Any) -> Path:
    path = folder / "fleet.yaml"
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
    return path


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(GOOD)
    part: Any = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return document


def faults(path: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(UserError) as caught:
        read_fleet(path)
    return [(fault.where, fault.problem, fault.way_out) for fault in caught.value.faults]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    file = read_fleet(written(tmp_path, GOOD))
    chat, seen = file.models
    assert chat.weight_bytes == 2e9 and chat.profiles == ()
    assert seen.weight_bytes == 1e9 and isinstance(seen.served.work, Rejection)
    assert [one.latency_ms for one in seen.profiles] == [20]


def test_the_example_is_read_with_the_work_of_the_repository() -> None:
    file = read_fleet(EXAMPLE)
    assert [model.served.model for model in file.models] == ["chat", "gpt"]
    assert file.models[1].weight_bytes == 3409920


@pytest.mark.parametrize(("path", "value", "where", "problem"), FAULTS, ids=lambda one: None)
def test_a_fault_names_its_place(
    tmp_path: Path, path: tuple[str | int, ...], value: Any, where: str, problem: str
) -> None:
    file = written(tmp_path, changed(path, value))
    found = faults(file)
    assert [place.rpartition(": ")[2] for place, _, _ in found] == [where]
    assert found[0][0].startswith(f"{file}:")
    assert problem in found[0][1]
    assert found[0][2]


def test_a_line_is_named(tmp_path: Path) -> None:
    text = "models:\n- name: a\n  requests_per_second: 1\n  p99_ms: none\n"
    found = {place.partition(": ")[2]: place for place, _, _ in faults(written(tmp_path, text))}
    assert found["models[0].p99_ms"].endswith("fleet.yaml:4: models[0].p99_ms")
    assert "models[0].classes" in found


def test_a_model_that_the_repository_has_not_is_a_fault(tmp_path: Path) -> None:
    document = changed(("models", 0, "repository_model"), "gpd")
    del document["models"][0]["work"]
    ((_, problem, way_out),) = faults(written(tmp_path, document))
    assert "is not in the model repository" in problem and "did you mean gpt?" in way_out


def test_a_request_beyond_the_context_is_a_fault(tmp_path: Path) -> None:
    document = changed(("models", 0, "repository_model"), "gpt")
    del document["models"][0]["work"]
    ((where, problem, _),) = faults(written(tmp_path, document))
    assert where.endswith("models[0].classes[1].request") and "holds 256" in problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("models: [", "is not YAML"),
        ("models: &a\n- *a\n", "uses the alias"),
        ("models: 1\nmodels: 2\n", "is there twice"),
        ("- models\n", "is not as it must be"),
    ],
)
def test_what_is_no_such_file_is_refused_as_a_whole(tmp_path: Path, text: str, problem: str) -> None:
    assert any(problem in one for _, one, _ in faults(written(tmp_path, text)))


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    assert "cannot be read" in faults(tmp_path / "none.yaml")[0][1]
    assert "cannot be read" in faults(tmp_path)[0][1]


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        ("a.yaml", "anything", True),
        ("a", "# first\nmodels:\n", True),
        ("a", '{"models": []}', True),
        ("a.json", '{"gpu_info": []}', False),
        ("a.json", '[{"models": 1}]', False),
        ("a.json", "{", False),
        ("a.json", "\xff", False),
    ],
)
def test_the_form_is_told_by_its_key(tmp_path: Path, name: str, text: str, answer: bool) -> None:
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    assert states_models(tmp_path / name) is answer
    assert states_models(tmp_path) is False
