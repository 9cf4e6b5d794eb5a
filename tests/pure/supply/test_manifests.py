"""Manifests: the same bytes everywhere, nothing lost that a machine reads, and a sum that is checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from aigc.catalog.faults import UserError
from scripts.local.supply.manifests import check_sum, documents, join, patched

FILES = {
    "core.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: controller
  labels: {app.kubernetes.io/version: devel}
spec:
  template:
    spec:
      containers:
      - image: ko://knative.dev/serving/cmd/controller
        args: [=, 2020-01-01]
---
# only a comment
---
kind: Namespace
metadata: {name: knative-serving, annotations: {description: kept}}
""",
    "crd.yaml": """
kind: CustomResourceDefinition
metadata: {name: things}
spec:
  versions:
  - schema:
      openAPIV3Schema:
        description: a long story
        properties:
          description: {type: string, description: the field of that name}
          match: {enum: ["=", "!="], description: more}
""",
}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return [tmp_path / name for name in FILES]


def objects(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.decode().splitlines() if line != "---"]


def test_what_others_need_comes_first_and_the_rest_keeps_its_order(files: list[Path]) -> None:
    kinds = [item["kind"] for item in objects(join(documents(files), "1.2.3"))]
    assert kinds == ["Namespace", "CustomResourceDefinition", "Deployment"]


def test_any_yaml_reader_and_a_json_reader_see_the_same(files: list[Path]) -> None:
    content = join(documents(files), "1.2.3")
    assert list(yaml.safe_load_all(content)) == objects(content)


def test_the_same_files_give_the_same_bytes(files: list[Path]) -> None:
    assert join(documents(files), "1.2.3") == join(documents(files), "1.2.3")


def test_images_stay_for_the_program_to_map_and_versions_are_written(files: list[Path]) -> None:
    deployment = objects(join(documents(files), "1.2.3"))[2]
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container == {"image": "ko://knative.dev/serving/cmd/controller", "args": ["=", "2020-01-01"]}
    assert deployment["metadata"]["labels"] == {"app.kubernetes.io/version": "1.2.3"}


def test_descriptions_of_schemas_go_but_fields_of_that_name_stay(files: list[Path]) -> None:
    namespace, definition, _ = objects(join(documents(files), "1.2.3"))
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema == {"properties": {"description": {"type": "string"}, "match": {"enum": ["=", "!="]}}}
    assert namespace["metadata"]["annotations"] == {"description": "kept"}


def test_another_sum_is_refused_with_both_sums() -> None:
    with pytest.raises(UserError, match=r"knative-serving 1\.23\.0 as extracted .* the pin says abc"):
        check_sum("knative-serving", "1.23.0", "abc", b"content")


def test_a_pin_not_yet_written_is_no_fault_of_the_content() -> None:
    check_sum("knative-serving", "1.23.0", None, b"content")


def test_a_patch_changes_the_definition_of_its_name_alone(files: list[Path]) -> None:
    patch = {"things": [{"op": "add", "path": "/spec/versions/0/served", "value": True}]}
    found = {item["metadata"]["name"]: item for item in patched(documents(files), patch)}
    assert found["things"]["spec"]["versions"][0]["served"] is True
    assert "served" not in json.dumps(found["controller"])


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("controller", {"op": "add", "path": "/spec/x", "value": 1}),
        ("nothing", {"op": "add", "path": "/spec/x", "value": 1}),
        ("things", {"op": "remove", "path": "/spec/never"}),
        ("things", {"op": "replace", "path": "/spec/versions/7/served", "value": 1}),
    ],
)
def test_a_patch_that_fits_nothing_is_named(files: list[Path], name: str, operation: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=name):
        patched(documents(files), {name: [operation]})
