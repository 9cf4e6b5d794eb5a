"""Configuration reaches a program as Pulumi would send it: scalars, JSON, defaults, secrets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc.catalog.faults import UserError
from scripts.engine.config import full_key, load_config, load_project, wire_value
from scripts.engine.invokes import decode
from scripts.engine.wire import UNKNOWN
from scripts.engine.yaml_scalars import load


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("1e3", "1000"),
        ("yes", "yes"),
        ("on", "on"),
        ("null", ""),
        ("~", ""),
        ("true", "true"),
        ("True", "true"),
        ('"true"', "true"),
        ("2024-01-02", "2024-01-02 00:00:00 +0000 UTC"),
        ("2024-01-02T03:04:05Z", "2024-01-02 03:04:05 +0000 UTC"),
        ('"2024-01-02"', "2024-01-02"),
        ("1.50", "1.5"),
        ('"1.50"', "1.50"),
        ("0x10", "16"),
        ("010", "8"),
        ("0o14", "12"),
        ("0b11", "3"),
        ("1:30", "1:30"),
        ("1_000", "1000"),
        ("12345678901234567890", "12345678901234567890"),
        ("1e21", "1e+21"),
        ("0.00001", "1e-05"),
        ("-7", "-7"),
        (".5", "0.5"),
        ("v1.2.3", "v1.2.3"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("1e", "1e"),
        ("09", "9"),
    ],
)
def test_scalars_are_those_of_go(written: str, sent: str) -> None:
    value = yaml.compose(written)
    assert value is not None
    assert wire_value(load(f"k: {written}")["k"] if written != "-" else "-") == sent


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("{b: 1.0, a: x}", '{"a":"x","b":1}'),
        ("[yes, 1e3, null, 010]", '["yes",1000,null,8]'),
        ("{big: 12345678901234567890}", '{"big":12345678901234567000}'),
        ("{html: '<&>'}", '{"html":"\\u003c\\u0026\\u003e"}'),
        ("{text: 'ü'}", '{"text":"ü"}'),
        ("{small: 0.0000001, large: 1e21}", '{"large":1e+21,"small":1e-7}'),
        ("{}", "{}"),
        ("[]", "[]"),
        ("{yes: 1}", '{"yes":1}'),
        ("{date: 2024-01-02}", '{"date":"2024-01-02T00:00:00Z"}'),
    ],
)
def test_objects_are_compact_sorted_json(written: str, sent: str) -> None:
    assert wire_value(load(f"k: {written}")["k"]) == sent


def test_a_secret_part_makes_the_key_secret_and_is_unknown(project: Path) -> None:
    (project / "stacks" / "Pulumi.dev.yaml").write_text(
        "encryptionsalt: v1:abc\nconfig:\n  token: {secure: v1:AAAA}\n"
        "  sample:mixed: {open: 1, closed: {secure: v1:B}}\n"
        "  aigc:plain: text\n"
    )
    config = load_config(load_project(project), "dev")
    assert config.secret_keys == ("sample:mixed", "sample:token")
    assert config.values["sample:token"] == UNKNOWN
    assert json.loads(config.values["sample:mixed"]) == {"open": 1, "closed": UNKNOWN}
    assert config.values["aigc:plain"] == "text"


def test_defaults_of_the_project_fill_what_the_stack_leaves_out(project: Path) -> None:
    with (project / "Pulumi.yaml").open("a") as file:
        file.write("  size: {type: integer, default: 3}\n  short: text\n  aigc:other: {value: [1]}\n")
    (project / "stacks" / "Pulumi.dev.yaml").write_text("config:\n  size: 4\n")
    values = load_config(load_project(project), "dev").values
    assert values["sample:size"] == "4"
    assert values["sample:short"] == "text"
    assert values["aigc:other"] == "[1]"
    assert values["pulumi:disable-default-providers"] == '["*"]'


def test_a_declared_value_without_default_is_required(project: Path) -> None:
    with (project / "Pulumi.yaml").open("a") as file:
        file.write("  zz: {type: string}\n")
    (project / "stacks" / "Pulumi.dev.yaml").write_text("config: {}\n")
    with pytest.raises(UserError, match="Stack 'dev' is missing configuration value 'zz'"):
        load_config(load_project(project), "dev")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("config: [1]", "not a mapping"),
        ("- 1", "not a mapping"),
        ("config: {a: 1", "not YAML"),
        ("config:\n  a: 1\n  a: 2\n", "stands twice"),
        ("environment: [prod]", "Pulumi ESC"),
    ],
)
def test_a_broken_stack_file_is_a_fault_with_its_place(project: Path, content: str, problem: str) -> None:
    path = project / "stacks" / "Pulumi.dev.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match=problem) as caught:
        load_config(load_project(project), "dev")
    assert caught.value.faults[0].where.startswith(str(path))
    assert caught.value.faults[0].way_out


def test_a_stack_without_a_file_names_those_that_have_one(project: Path) -> None:
    (project / "stacks" / "Pulumi.dev.yaml").write_text("config: {}\n")
    with pytest.raises(UserError, match="no such file") as caught:
        load_config(load_project(project), "prod")
    assert "dev" in caught.value.faults[0].way_out


@pytest.mark.parametrize(
    ("key", "full"),
    [("a", "p:a"), ("ns:a", "ns:a"), ("ns:config:a", "ns:a"), ("kubernetes:context", "kubernetes:context")],
)
def test_keys(key: str, full: str) -> None:
    assert full_key(key, "p") == full


PRINTABLE = st.characters(exclude_categories=["C", "Zl", "Zp"])
"""Without U+2028 and U+2029: these are signs to JSON and ends of lines to YAML, the one place where they differ."""
TEXT = st.text(PRINTABLE, max_size=8)
KEYS = st.text(PRINTABLE, min_size=1, max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT | st.floats(-(2.0**53), 2.0**53),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)  # the machine may be busy; only the answer is judged
@given(st.dictionaries(KEYS, JSON, max_size=4))
def test_an_object_survives_the_way_through_a_stack_file(value: dict[str, object]) -> None:
    """File -> configuration -> `require_object`: JSON is YAML, so what is written as JSON must come back equal."""
    if set(value) == {"secure"}:
        return
    written = json.dumps({"config": {"aigc:stack": value}}, ensure_ascii=False)
    assert json.loads(wire_value(load(written)["config"]["aigc:stack"])) == value


def test_manifests_are_decoded_as_the_kubernetes_provider_does() -> None:
    text = """
        {apiVersion: v1, kind: A, on: yes, off: off, e: 1e3, o: 010, p: 0o14, t: 1:30, d: 2024-01-02, n: null,
         l: [null]}
    """
    assert decode(f"---\nno: kind\n---\n{text.strip()}\n---\n") == [
        {
            "apiVersion": "v1",
            "kind": "A",
            "True": True,
            "False": False,
            "e": 1000.0,
            "o": 8,
            "p": 12,
            "t": "1:30",
            "d": "2024-01-02",
            "l": [None],
        }
    ]
