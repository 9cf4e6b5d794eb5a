"""`engine compare` agrees with what the real engine prints for the same program, and finds each kind of difference.

The preview is made from our own graph by the effects that the real engine and its providers were seen to have; each
test then changes one thing that must be found.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.faults import UserError
from scripts.engine.compare import compare, read_preview
from scripts.engine.differences import differences
from scripts.engine.graph import PROVIDER_PREFIX, Graph, Resource
from scripts.engine.provider_effects import same_after_check
from scripts.engine.wire import ASSET_SIGNATURE, SIGNATURE, UNKNOWN, holds_secret, masked

Steps = list[dict[str, Any]]


def preview_of(graph: Graph) -> dict[str, Any]:
    """What `pulumi preview --json` prints for this graph."""
    return {
        "config": {},
        "steps": [{"op": "create", "urn": item.urn, "newState": _state(item)} for item in graph.resources],
        "duration": 1,
        "changeSummary": {"create": len(graph.resources)},
    }


def _state(resource: Resource) -> dict[str, Any]:
    inputs = copy.deepcopy(resource.inputs)
    if resource.type.startswith(PROVIDER_PREFIX):
        inputs |= {"version": resource.version, "__internal": {}}
    if inputs.get("kind") == "Secret" and "stringData" in inputs:
        inputs["data"] = "[secret]"
        del inputs["stringData"]
    if inputs.get("kind") == "Pod" and holds_secret(inputs["spec"].get("containers")):
        inputs["spec"]["containers"] = "[secret]"
    state: dict[str, Any] = {
        "urn": resource.urn,
        "custom": resource.custom,
        "type": resource.type,
        "inputs": masked(inputs),
        "parent": resource.parent or None,
        "dependencies": list(reversed(resource.dependencies)) or None,
        "propertyDependencies": {key: urns or None for key, urns in resource.property_dependencies.items()} or None,
        "protect": resource.protect,
        "retainOnDelete": resource.retain_on_delete,
    }
    if resource.provider:
        state["provider"] = f"{resource.provider}::{UNKNOWN}"
    return {key: value for key, value in state.items() if value is not None}


def _found(graph: Graph, tmp_path: Path, change: Callable[[Steps], None]) -> list[tuple[str, str, str]]:
    preview = preview_of(graph)
    change(preview["steps"])
    path = tmp_path / "preview.json"
    path.write_text(json.dumps(preview))
    return [(item.what, item.urn.rsplit("::", 1)[-1], item.path) for item in compare(graph, read_preview(path))]


def _step(steps: Steps, name: str) -> dict[str, Any]:
    state: dict[str, Any] = next(step["newState"] for step in steps if step["urn"].endswith(f"::{name}"))
    return state


def test_the_engines_agree_on_the_sample(sample: Graph, tmp_path: Path) -> None:
    assert _found(sample, tmp_path, lambda steps: None) == []
    assert _found(sample, tmp_path, lambda steps: steps.reverse()) == []


def test_the_stack_is_read_from_the_file(sample: Graph, tmp_path: Path) -> None:
    path = tmp_path / "preview.json"
    path.write_text(json.dumps(preview_of(sample)))
    assert read_preview(path).stack == "dev"


def _drop_first(steps: Steps) -> None:
    steps.pop(next(index for index, step in enumerate(steps) if step["urn"].endswith("::front")))


def _add_one(steps: Steps) -> None:
    extra = copy.deepcopy(next(step for step in steps if step["urn"].endswith("::models")))
    extra["urn"] = extra["newState"]["urn"] = extra["urn"].replace("::models", "::others")
    steps.append(extra)


def _set(name: str, key: str, value: Any) -> Callable[[Steps], None]:
    return lambda steps: _step(steps, name).update({key: value})


def _set_input(name: str, path: str, value: Any) -> Callable[[Steps], None]:
    def change(steps: Steps) -> None:
        here = _step(steps, name)["inputs"]
        *parents, last = path.split(".")
        for part in parents:
            here = here[part]
        here[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_drop_first, ("extra", "front", "")),
        (_add_one, ("missing", "others", "")),
        (_set_input("settings", "data.greeting", "bye"), ("inputs", "settings", "data.greeting")),
        (_set_input("settings", "data.more", "x"), ("inputs", "settings", "data.more")),
        (_set_input("settings", "data", "[secret]"), ("inputs", "settings", "data")),
        (_set_input("keys", "data", {"token": "aHVzaA=="}), ("inputs", "keys", "data")),
        (_set_input("front", "spec.ports", [{"port": 81}]), ("inputs", "front", "spec.ports.0.port")),
        (_set_input("front", "metadata.name", "other-0123abcd"), ("inputs", "front", "metadata.name")),
        (_set_input("cluster", "kubeconfig", "{1}"), ("inputs", "cluster", "kubeconfig")),
        (_set("settings", "parent", "urn:pulumi:dev::sample::a:b:C::x"), ("parent", "settings", "")),
        (_set("front", "dependencies", []), ("dependencies", "front", "")),
        (_set("keys", "propertyDependencies", {}), ("property_dependencies", "keys", "metadata")),
        (
            _set("models", "provider", "urn:pulumi:dev::sample::pulumi:providers:kubernetes::b::1"),
            ("provider", "models", ""),
        ),
        (_set("settings", "protect", False), ("protect", "settings", "")),
        (_set("settings", "retainOnDelete", False), ("retain_on_delete", "settings", "")),
        (_set("front", "ignoreChanges", ["spec"]), ("ignore_changes", "front", "")),
    ],
)
def test_each_kind_of_difference_is_found(
    sample: Graph, tmp_path: Path, change: Callable[[Steps], None], expected: tuple[str, str, str]
) -> None:
    assert expected in _found(sample, tmp_path, change)


@pytest.mark.parametrize(
    "change",
    [
        _set_input("front", "metadata.annotations", {"pulumi.com/autonamed": "true"}),
        _set_input("front", "spec.ipFamilies", []),
        _set("models", "provider", "urn:pulumi:dev::sample::pulumi:providers:kubernetes::cluster::0a1b"),
    ],
)
def test_effects_of_the_provider_are_no_difference(
    sample: Graph, tmp_path: Path, change: Callable[[Steps], None]
) -> None:
    assert _found(sample, tmp_path, change) == []


def test_quantities_are_compared_by_amount(tmp_path: Path) -> None:
    inputs = {"apiVersion": "v1", "kind": "Pod", "spec": {"cpu": "1000m", "memory": "1024Mi", "image": "a:1"}}
    urn = "urn:pulumi:dev::sample::kubernetes:core/v1:Pod::p"
    resource = Resource(urn=urn, type="kubernetes:core/v1:Pod", name="p", parent="", custom=True, inputs=inputs)
    graph = Graph("sample", "dev", (resource,), {})
    assert _found(graph, tmp_path, _set_input("p", "spec", {"cpu": "1", "memory": "1Gi", "image": "a:1"})) == []
    other = _set_input("p", "spec", {"cpu": "2", "memory": "1Gi", "image": "a:2"})
    assert _found(graph, tmp_path, other) == [("inputs", "p", "spec.cpu"), ("inputs", "p", "spec.image")]


def test_a_release_may_gain_defaults_but_not_other_values(tmp_path: Path) -> None:
    urn = "urn:pulumi:dev::sample::kubernetes:helm.sh/v3:Release::op"
    inputs = {"chart": "op", "version": "1.2", "compat": "true", "name": "op", "values": {"a": 1}}
    resource = Resource(urn=urn, type="kubernetes:helm.sh/v3:Release", name="op", parent="", custom=True, inputs=inputs)
    graph = Graph("sample", "dev", (resource,), {})
    after = {"chart": "op", "version": "1.2", "name": "op", "values": {"a": 1}, "atomic": False, "timeout": 300}
    assert _found(graph, tmp_path, _set("op", "inputs", after)) == []
    assert _found(graph, tmp_path, _set("op", "inputs", {**after, "version": "1.3", "values": {"a": 2}})) == [
        ("inputs", "op", "values.a"),
        ("inputs", "op", "version"),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "no steps"),
        ('{"steps": []}', "no steps"),
        ('{"steps": [1]}', "not an object"),
        ('{"steps": [{"op": "create"}]}', "no state"),
        ('{"steps": [{"op": "create", "newState": {"urn": "x"}}]}', "no URN"),
        ('{"steps": [{"op": "delete", "oldState": {}}]}', "every step deletes"),
        ('{"steps": [{"newState": {"urn": "urn:pulumi:a::b::c:d:E::f", "inputs": 1}}]}', "not an object"),
        ('{"steps": [{"newState": {"urn": "urn:pulumi:a::b::c:d:E::f", "dependencies": 1}}]}', "not a list"),
    ],
)
def test_what_is_no_preview_is_refused_with_its_place(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "preview.json"
    path.write_text(content)
    with pytest.raises(UserError, match=problem) as caught:
        read_preview(path)
    assert str(path) in caught.value.faults[0].where
    assert "pulumi preview --json" in caught.value.faults[0].way_out


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_preview(tmp_path / "none.json")


def test_the_sum_that_the_engine_adds_to_a_file_is_no_difference_and_another_file_is() -> None:
    urn = "urn:pulumi:s::aigc::aws:s3/bucketObjectv2:BucketObjectv2::one"
    ours = Resource(urn, "aws:s3/bucketObjectv2:BucketObjectv2", "one", "", True, {"source": _file("../a")})
    for theirs, differs in ((_file("../a"), False), (_file("../a", hash="0f"), False), (_file("../b"), True)):
        other = Resource(
            urn, ours.type, "one", "", True, {"source": theirs, "hash": "0f"} if differs else {"source": theirs}
        )
        paths = {found.path for found in differences({urn: ours}, {urn: other}, same_after_check)}
        assert bool(paths) is differs
        assert not differs or len(paths) == 2, "a property of that name is no sum of a file"


def _file(path: str, **more: str) -> dict[str, str]:
    return {SIGNATURE: ASSET_SIGNATURE, "path": path} | more
