"""The rows say what is so: their rules lead somewhere, their names are the providers', their patterns can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.contracts.gcp_rows import NODE_POOL
from tests.contracts.mutations import places
from tests.contracts.rows import ROWS, model_of, row_objections
from tests.contracts.rules import At, NotCovered, Row, Rule
from tests.contracts.samples import CLOUD_SAMPLES
from tests.contracts.schema import Kind, Schema

NAME = re.compile(r'pulumi\.getter(?:\(name="(\w+)"\))?\n(?:\s*@\w+.*\n)*\s*def (\w+)\(')


def patterns_below(schema: Schema, seen: set[int]) -> Iterator[str]:
    """Every regular expression that a value below `schema` may be held against."""
    if id(schema) in seen:
        return
    seen.add(id(schema))
    if schema.pattern:
        yield schema.pattern
    below = [found.schema for found in schema.fields.values()]
    for other in (*below, schema.items, schema.keys):
        if other is not None and other.kind is not Kind.ANY:
            yield from patterns_below(other, seen)


@cache
def source(path: str) -> str:
    package = path.split("/", 1)[0]
    return Path(str(distribution(package.replace("_", "-")).locate_file(path))).read_text()


@cache
def names_in(path: str) -> frozenset[str]:
    """Every property of the classes in one file of a provider's SDK, as it goes over the wire."""
    return frozenset(wire or python for wire, python in NAME.findall(source(path)))


def files_of(kind: str) -> tuple[str, str]:
    """The file of a resource type and that of its modules' nested arguments: `aws:ec2/natGateway:NatGateway`.

    Azure's types have no place beside the class: `azure-native:network:NatGateway`.
    """
    package, place, name = kind.split(":")
    module, _, own = place.partition("/")
    spelt = {"iAMMember": "IamMember", "bucketIAMMember": "bucketIamMember", "PublicIPAddress": "PublicIpAddress"}
    name = spelt.get(own or name, own or name)
    folder = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
    place = f"pulumi_{package.replace('-', '_')}/{module}"
    return f"{place}/{folder}.py", f"{place}/_inputs.py"


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_rule_leads_somewhere_and_says_something(row: Row) -> None:
    assert list(row_objections(row)) == []


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_name_is_the_providers(row: Row) -> None:
    own, nested = files_of(row.type)
    assert f"'{row.type}'" in source(own)
    sample = CLOUD_SAMPLES.get(row.type, {})
    paths = [path.split(".") for path in row.fields]
    paths += [[step for step in steps if isinstance(step, str)] for steps, _ in places(sample)]
    top = {path[0] for path in paths} - {"self"}
    below = {name for path in paths for name in path[1:]} - {"self", "name"}
    assert top - names_in(own) == set()
    assert below - (names_in(nested) if below else frozenset()) == set()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_pattern_can_be_read(row: Row) -> None:
    for pattern in patterns_below(model_of(row.model).root(row.request), set()):
        re.compile(pattern)


@pytest.mark.parametrize(
    ("path", "rule", "words"),
    [
        ("nodeConfig.guestAccelerators", At("accelerator", "singular"), "no field accelerator"),
        ("nodeConfigs.spot", At("spot", "no such holder"), "no field nodeConfigs"),
        ("name", At("name", "the same"), "says what is so without it"),
        ("management", NotCovered("only ours"), "can be checked"),
        ("maxPodsPerNode", At("maxPodsConstraint[].maxPodsPerNode", "no array"), "not an array"),
    ],
)
def test_a_rule_that_is_not_so_is_found(path: str, rule: Rule, words: str) -> None:
    row = replace(NODE_POOL, fields={**NODE_POOL.fields, path: rule})
    assert any(words in objection for objection in row_objections(row)), list(row_objections(row))


def test_nothing_is_filled_in_that_is_not_required() -> None:
    row = replace(ROWS["aws:eks/nodeGroup:NodeGroup"], filled={"diskSize": "20 GiB"})
    assert [words for words in row_objections(row) if "diskSize" in words]
