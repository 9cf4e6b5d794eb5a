"""Rendered files are the objects as they are sent, in apply order, without a secret in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from scripts.engine.graph import Graph, Resource
from scripts.engine.objects import manifest
from scripts.engine.render import render_graph
from scripts.engine.wire import UNKNOWN, secret


def _object(kind: str, name: str, **rest: Any) -> Resource:
    inputs = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "models"}, **rest}
    return Resource(
        urn=f"u::{kind}::{name}", type=f"kubernetes:core/v1:{kind}", name=name, parent="", custom=True, inputs=inputs
    )


def test_files_are_in_apply_order_and_the_same_each_time(sample: Graph, tmp_path: Path) -> None:
    names = [path.name for path in render_graph(sample, tmp_path / "a")]
    assert names[0] == "001-namespace-models.yaml"
    assert names == sorted(names)
    assert names.index("002-configmap-models-settings.yaml") < names.index("003-service-models-front.yaml")
    again = render_graph(sample, tmp_path / "b")
    assert [path.read_bytes() for path in again] == [(tmp_path / "a" / name).read_bytes() for name in names]


def test_secrets_are_masked_and_unknown_values_are_marked(tmp_path: Path) -> None:
    objects = (
        _object("Secret", "keys", stringData={"plain": "hush", "wrapped": secret("hush")}, data={"b": "aHVzaA=="}),
        _object("ConfigMap", "where", data={"url": UNKNOWN, "token": secret("hush"), "text": "one\ntwo\n"}),
    )
    texts = [path.read_text() for path in render_graph(Graph("p", "s", objects, {}), tmp_path)]
    assert not any("hush" in text or "aHVzaA" in text for text in texts)
    assert yaml.safe_load(texts[1])["data"] == {"text": "one\ntwo\n", "token": "[secret]", "url": "<unknown>"}
    assert "text: |" in texts[1]


def test_a_release_is_one_opaque_file(tmp_path: Path) -> None:
    release = Resource(
        urn="u::r",
        type="kubernetes:helm.sh/v3:Release",
        name="op",
        parent="",
        custom=True,
        inputs={
            "chart": "op",
            "version": "1.2",
            "name": "op",
            "namespace": "x",
            "values": {"password": secret("hush")},
        },
    )
    (path,) = render_graph(Graph("p", "s", (release,), {}), tmp_path)
    content = yaml.safe_load(path.read_text())
    assert path.name == "001-release-x-op.yaml"
    assert "opaque" in content
    assert content["release"]["version"] == "1.2"
    assert content["release"]["values"] == {"password": "[secret]"}


def test_files_of_an_earlier_run_go_and_files_of_others_stay(sample: Graph, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("a: 1\n")
    render_graph(sample, tmp_path)
    empty = Graph(sample.project, sample.stack, (), {})
    assert render_graph(empty, tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def test_what_the_server_fills_in_is_not_sent() -> None:
    body = manifest(
        _object("ConfigMap", "a", status={"x": 1}, data={"a": None, "b": "c"}, metadata={"name": "a", "uid": "1"})
    )
    assert body == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"b": "c"}}


def test_string_data_is_sent_as_data() -> None:
    body = manifest(_object("Secret", "a", stringData={"k": secret("hush")}))
    assert body["data"] == {"k": "aHVzaA=="}
    assert "stringData" not in body
