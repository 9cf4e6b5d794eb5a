"""The JSON Schema accepts what the reader accepts, explains every key, and covers Pulumi's own keys."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from aigc.config.json_schema import stack_file_schema
from aigc.config.stack_file import PULUMI_KEYS
from aigc.config.stacks import stack_names, stack_path

SCHEMA = stack_file_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
GOOD: dict[str, Any] = {"config": {"aigc:stack": {"cloud": "local", "models": {"gpt": {}}}}}


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("stack", stack_names())
def test_every_stack_file_satisfies_it(stack: str) -> None:
    VALIDATOR.validate(yaml.safe_load(stack_path(stack).read_text()))


def test_every_key_has_a_meaning() -> None:
    missing = [
        f"{name}.{key}"
        for name, definition in SCHEMA["$defs"].items()
        for key, field in definition.get("properties", {}).items()
        if not field.get("description")
    ]
    assert missing == []


def test_pulumi_s_keys_are_the_same_as_the_reader_s() -> None:
    assert set(SCHEMA["properties"]) == set(PULUMI_KEYS)


@pytest.mark.parametrize(
    ("document", "valid"),
    [
        (GOOD, True),
        (GOOD | {"encryptionsalt": "v1:x", "secretsprovider": "passphrase", "environment": ["a"]}, True),
        ({"config": GOOD["config"] | {"gcp:project": "x", "kubernetes:context": {"secure": "x"}}}, True),
        ({"config": GOOD["config"] | {"aigc:secrets": {"token": {"secure": "v1:x"}}}}, True),
        ({"config": GOOD["config"] | {"aigc:secrets": {"token": "plain"}}}, False),
        ({"config": GOOD["config"] | {"aigc:other": 1}}, False),
        ({"config": GOOD["config"] | {"other": 1}}, False),
        (GOOD | {"other": 1}, False),
        ({"config": {}}, False),
        ({"config": {"aigc:stack": {"cloud": "locl", "models": {"gpt": {}}}}}, False),
        ({"config": {"aigc:stack": {"cloud": "local", "models": {"gpt": {"mod": "auto"}}}}}, False),
        ({"config": {"aigc:stack": {"cloud": "local", "models": {}}}}, False),
    ],
)
def test_what_it_accepts(document: dict[str, Any], valid: bool) -> None:
    assert VALIDATOR.is_valid(document) is valid
