"""Files that are broken in every way a file can be: each ends as faults with a place, a reason and a way out."""

from __future__ import annotations

import json
from pathlib import Path

import pulumi
import pytest

from aigc.catalog.faults import UserError
from aigc.config.load import load_spec
from aigc.config.stack_file import StackFileError, parse_stack_file
from aigc.config.stacks import stack_names, stack_path
from aigc.config.yaml_reader import decode, read

HEAD = "config:\n  aigc:stack:\n"
GOOD = HEAD + "    cloud: local\n    models:\n      gpt: {}\n"


def faults_of(folder: Path, content: str | bytes) -> str:
    path = folder / "Pulumi.local.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(StackFileError) as caught:
        parse_stack_file(path)
    assert caught.value.faults
    for fault in caught.value.faults:
        assert fault.where.startswith(str(path))
        assert fault.problem
        assert fault.way_out
        assert str(fault).replace(" ", "").isprintable()
    return str(caught.value)


CASES: list[tuple[str | bytes, str]] = [
    (b"", "is empty"),
    (b"   \n\n", "is empty"),
    (b"\x00\x01\x02\xff", "not UTF-8 at byte 3"),
    (b"config: \x00", "U+0000"),
    (GOOD.encode("utf-16"), "not UTF-8"),
    (b"#" * 300_000, "more than 262144"),
    ("[" * 5000, "nested deeper than 50"),
    ("{a: " * 5000, "nested deeper than 50"),
    ("- " * 5000, "nested deeper than 50"),
    ("config: {", "is not YAML"),
    ("config:\n\taigc:stack: 1", "is not YAML"),
    ("a: 1\n---\nb: 2\n", "is not YAML"),
    ("just text", "is not a mapping"),
    ("[]", "is not a mapping"),
    ("config:\n", "is not a mapping"),
    ("config: []\n", "is not a mapping"),
    ("encryptionsalt: v1:x\n", "config: is missing"),
    ("config:\n  gcp:project: x\n", "config.aigc:stack: is missing"),
    ("config:\n  aigc:stack:\n", "nothing (null) is not a mapping"),
    ("config:\n  aigc:stack: '{}'\n", "is not a mapping of keys"),
    ("config:\n  aigc:stack: []\n", "is not a mapping of keys"),
    ("config:\n  stack: {}\n", "has no namespace"),
    ("config:\n  aigc:stck: {}\n", "did you mean aigc:stack"),
    ("aigc:stack:\n  cloud: local\n", "indent it below"),
    ("confg:\n  aigc:stack: {}\n", "did you mean config"),
    (GOOD + "config:\n  x:y: 1\n", "is there twice (first in line 1)"),
    (GOOD + "      gpt: {}\n", "is there twice (first in line 5)"),
    (GOOD.replace("gpt: {}", "gpt: &a {}\n      b: *a"), "uses the alias *a"),
    (GOOD.replace("gpt: {}", "<<: {gpt: {}}"), "not text to YAML"),
    (GOOD.replace("local", "!!python/object:os.system x"), "has the YAML tag"),
    (GOOD.replace("local", "!cloud x"), "has the YAML tag"),
    (GOOD.replace("local", "!!binary aGVsbG8="), "has the YAML tag"),
    (GOOD + "    domain: on\n", "disagree about the unquoted on"),
    (GOOD + "    domain: 012\n", "disagree about the unquoted 012"),
    (GOOD + "    domain: 1_000\n", "disagree about the unquoted 1_000"),
    (GOOD + "    domain: 1:30\n", "disagree about the unquoted 1:30"),
    (GOOD + "    domain: 2026-01-01\n", "disagree about the unquoted 2026-01-01"),
    (GOOD + "    domain: 1e3\n", "is not text"),
    (GOOD + "    budget_usd_per_month: .inf\n", "disagree"),
    (GOOD + "    budget_usd_per_month: 1e999\n", "disagree"),
    (GOOD + f"    budget_usd_per_month: {'9' * 6000}\n", "disagree"),
    (GOOD + '    domain: "\\ud800"\n', "half a Unicode character"),
    (GOOD + "    yes: 1\n", "not text to YAML"),
    (GOOD + "    ? [a]\n    : 1\n", "a key that is not text"),
    (GOOD + "    1: 1\n", "not text to YAML"),
    (GOOD + "    kubernetes_minor: 1.37\n", "Put it in quotes"),
    (GOOD + "    budget_usd_per_month: '5'\n", "Without quotes"),
    (GOOD + "    budget_usd_per_month: 0\n", "greater than 0"),
    (GOOD + "    zones: us-central1-a\n", "is not a list"),
    (GOOD + "    capacity: [sport]\n", "did you mean spot"),
    (GOOD + "    modles: {}\n", "did you mean models"),
    (GOOD.replace("local", "locl"), "did you mean local"),
    (GOOD.replace("    cloud: local\n", ""), "aigc:stack.cloud: is missing"),
    (GOOD.replace("gpt: {}", "gpt: {mod: auto}"), "did you mean mode"),
    (GOOD.replace("gpt: {}", "gpt: {mode: asinc}"), "did you mean async"),
    (GOOD.replace("gpt: {}", "gpt:"), "aigc:stack.models.gpt: nothing (null)"),
    (GOOD.replace("gpt: {}", "gpt: {slo: {p99_ms: 0}}"), "aigc:stack.models.gpt.slo.p99_ms: 0 is out of range"),
    (GOOD.replace("gpt: {}", "gpt: {slo: {availability_percent: 100}}"), "less than 100"),
    (GOOD.replace("gpt: {}", "gpt: {replicas: {min: 1.5}}"), "is not a whole number"),
    (GOOD.replace("gpt: {}", "gpt: {batching: {dynamic: 'true'}}"), "is not true or false"),
    (GOOD.replace("gpt: {}", "'': {}"), "wrong length"),
    (GOOD.replace("      gpt: {}", "      {}"), "wrong length"),
]


@pytest.mark.parametrize(("content", "expected"), CASES)
def test_faults(tmp_path: Path, content: str | bytes, expected: str) -> None:
    assert expected in faults_of(tmp_path, content)


def test_other_programs_keys_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.local.yaml"
    path.write_text(GOOD + "  gcp:project: on\n  kubernetes:x: {a: 2026-01-01}\nencryptionsalt: v1:abc=\n")
    assert parse_stack_file(path).cloud == "local"


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "Pulumi.no.yaml", tmp_path, Path("\0")):
        with pytest.raises(StackFileError, match="cannot be read"):
            parse_stack_file(path)


def test_line_and_column_of_a_yaml_error(tmp_path: Path) -> None:
    assert f"{tmp_path / 'Pulumi.local.yaml'}:3:13: is not YAML" in faults_of(tmp_path, HEAD + "    cloud: a: b\n")


@pytest.mark.parametrize("stack", stack_names())
def test_pulumi_and_the_file_give_the_same_spec(stack: str) -> None:
    data = read(decode(stack_path(stack).read_bytes())).value["config"]["aigc:stack"]
    pulumi.runtime.set_all_config({"aigc:stack": json.dumps(data)})
    try:
        assert load_spec() == parse_stack_file(stack_path(stack))
    finally:
        pulumi.runtime.set_all_config({})


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, "is not in this stack's configuration"),
        ({"aigc:stack": "{"}, "is not an object"),
        ({"aigc:stack": '{"cloud": "locl", "models": {"gpt": {"mod": 1}}}'}, "did you mean mode"),
    ],
)
def test_pulumi_s_configuration_is_judged_alike(config: dict[str, str], expected: str) -> None:
    pulumi.runtime.set_all_config(config)
    try:
        with pytest.raises(UserError) as caught:
            load_spec()
        assert expected in str(caught.value)
    finally:
        pulumi.runtime.set_all_config({})
