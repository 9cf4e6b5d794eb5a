"""What the checker allows and refuses, on small models of either kind."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.engine.wire import UNKNOWN, secret
from tests.contracts.botocore_model import BotocoreModel, python_pattern
from tests.contracts.discovery_model import DiscoveryModel
from tests.contracts.rules import At, NotCovered, Pairs, Row, Rule
from tests.contracts.scalars import scalar_problem
from tests.contracts.schema import Kind, Schema
from tests.contracts.walk import Outcome, Walk

DOCUMENT: dict[str, Any] = {
    "schemas": {
        "Pool": {
            "type": "object",
            "properties": {
                "bytes": {"type": "string", "format": "int64"},
                "nodes": {"type": "integer", "format": "int32"},
                "share": {"type": "number", "format": "double"},
                "mode": {"type": "string", "enum": ["FAST", "SLOW"]},
                "lifetime": {"type": "string", "format": "google-duration"},
                "name": {"type": "string", "pattern": "[a-z]+"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "parent": {"$ref": "Pool"},
                "modes": {"type": "array", "items": {"type": "string", "enum": ["FAST", "SLOW"]}},
                "anything": {"type": "any"},
                "status": {"type": "string", "description": "Output only. How it is."},
                "link": {"type": "string", "readOnly": True},
                "old": {"type": "boolean", "deprecated": True},
                "inner": {"type": "object", "properties": {"deep": {"type": "boolean"}}},
            },
        }
    },
    "resources": {
        "pools": {
            "methods": {
                "insert": {
                    "id": "x.pools.insert",
                    "parameters": {
                        "zone": {"type": "string", "pattern": "^zones/[^/]+$"},
                        "views": {"type": "string", "repeated": True},
                    },
                    "request": {"$ref": "Pool"},
                }
            }
        }
    },
}

SERVICE: dict[str, Any] = {
    "operations": {"Make": {"input": {"shape": "MakeRequest"}}, "Change": {"input": {"shape": "ChangeRequest"}}},
    "shapes": {
        "MakeRequest": {
            "type": "structure",
            "required": ["Name", "Rules"],
            "members": {
                "Name": {"shape": "Name"}, "Rules": {"shape": "Rules"}, "Tags": {"shape": "Tags"},
                "Size": {"shape": "Size"}, "Labels": {"shape": "Labels"}, "On": {"shape": "Boolean"},
                "Ratio": {"shape": "Ratio"}, "Free": {"shape": "Free"},
            },
        },
        "ChangeRequest": {"type": "structure", "required": ["Id"],
                          "members": {"Id": {"shape": "Name"}, "On": {"shape": "Boolean"}}},
        "Rule": {"type": "structure", "required": ["Port"],
                 "members": {"Port": {"shape": "Size"}, "Range": {"shape": "Name"}, "Below": {"shape": "Rules"}}},
        "Rules": {"type": "list", "member": {"shape": "Rule"}, "min": 1, "max": 2},
        "Tag": {"type": "structure", "required": ["Key"],
                "members": {"Key": {"shape": "Name"}, "Value": {"shape": "Name"}}},
        "Tags": {"type": "list", "member": {"shape": "Tag"}},
        "Labels": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Name"}, "max": 1},
        "Name": {"type": "string", "min": 2, "max": 5, "pattern": "[a-z]*"},
        "Size": {"type": "integer", "min": 0},
        "Boolean": {"type": "boolean"}, "Ratio": {"type": "double"}, "Free": {"type": "structure", "document": True},
    },
}  # fmt: skip
GOOD = {"name": "pool", "rules": [{"port": 1}]}


def google(inputs: dict[str, Any], **rules: Rule) -> Outcome:
    row = Row("t", "x.v1", "Pool", {key.replace("__", "."): rule for key, rule in rules.items()})
    return Walk(row, lambda name: DiscoveryModel(name, DOCUMENT)).run(inputs)


def amazon(inputs: dict[str, Any], filled: dict[str, str] | None = None, **rules: Rule) -> Outcome:
    row = Row("t", "x", "Make", {key.replace("__", "."): rule for key, rule in rules.items()}, filled or {})
    return Walk(row, lambda name: BotocoreModel(name, SERVICE)).run(inputs)


def faults(outcome: Outcome) -> list[tuple[str, str]]:
    return [(fault.path, fault.problem) for fault in outcome.faults]


@pytest.mark.parametrize(
    "inputs",
    [
        {"bytes": 5}, {"bytes": "5"}, {"bytes": -1}, {"nodes": 3}, {"share": 1}, {"share": 0.5}, {"mode": "FAST"},
        {"lifetime": "3600s"}, {"lifetime": "0.5s"}, {"name": "abc"}, {"labels": {"any key": "x"}}, {"labels": {}},
        {"parent": {"parent": {"nodes": 1}}}, {"modes": ["FAST", "SLOW"]}, {"anything": [1, {"a": None}]},
        {"inner": {"deep": True}}, {"nodes": UNKNOWN, "modes": [UNKNOWN], "parent": UNKNOWN}, {"nodes": None},
        {"name": secret("abc")}, {"labels": {"a": secret("b")}},
    ],
)  # fmt: skip
def test_what_a_document_allows(inputs: dict[str, Any]) -> None:
    assert faults(google(inputs)) == []


@pytest.mark.parametrize(
    ("inputs", "path", "problem"),
    [
        ({"bytes": "five"}, "bytes", "string where integer is wanted"),
        ({"bytes": 2**63}, "bytes", f"{2**63} is more than {2**63 - 1}"),
        ({"nodes": "3"}, "nodes", "string where integer is wanted"),
        ({"nodes": True}, "nodes", "boolean where integer is wanted"),
        ({"nodes": 2**31}, "nodes", "2147483648 is more than 2147483647"),
        ({"nodes": 1.5}, "nodes", "number where integer is wanted"),
        ({"share": "half"}, "share", "string where number is wanted"),
        ({"mode": "MIDDLING"}, "mode", "not one of the values that are allowed"),
        ({"modes": ["FAST", "fast"]}, "modes[1]", "not one of the values that are allowed"),
        ({"modes": "FAST"}, "modes", "string where array is wanted"),
        ({"lifetime": "1h"}, "lifetime", "not of the form that is allowed"),
        ({"name": "abc9"}, "name", "not of the form that is allowed"),
        ({"name": "abc\n"}, "name", "not of the form that is allowed"),
        ({"labels": ["a"]}, "labels", "array where map is wanted"),
        ({"labels": {"a": 1}}, "labels['a']", "integer where string is wanted"),
        ({"parent": {"parent": {"node": 1}}}, "parent.parent.node", "the model does not know it"),
        ({"parent": []}, "parent", "array where object is wanted"),
        ({"Name": "abc"}, "Name", "the model does not know it"),
        ({"inner": {"deep": "true"}}, "inner.deep", "string where boolean is wanted"),
        ({"status": "fine"}, "status", "only the cloud sets it"),
        ({"link": "fine"}, "link", "only the cloud sets it"),
    ],
)  # fmt: skip
def test_what_a_document_refuses(inputs: dict[str, Any], path: str, problem: str) -> None:
    assert faults(google(inputs)) == [(path, problem)]


@pytest.mark.parametrize(
    ("inputs", "path", "problem"),
    [
        ({"name": "p"}, "name", "1 characters is less than 2"),
        ({"name": "longer"}, "name", "6 characters is more than 5"),
        ({"name": "Pool"}, "name", "not of the form that is allowed"),
        ({"rules": [{"port": 1}] * 3}, "rules", "3 elements is more than 2"),
        ({"rules": [{"port": 1}, {"port": -1}]}, "rules[1].port", "-1 is less than 0"),
        ({"rules": [{"range": "abc"}]}, "rules[0].port", "missing"),
        ({"rules": [{"port": 1, "below": [{}]}]}, "rules[0].below[0].port", "missing"),
        ({"size": 2**31}, "size", "2147483648 is more than 2147483647"),
        ({"labels": {"aa": "bb", "cc": "dd"}}, "labels", "2 entries is more than 1"),
        ({"labels": {"A": "bb"}}, "labels['A']", "not of the form that is allowed"),
        ({"Size": 1}, "Size", "the model does not know it"),
        ({"name": None}, "name", "missing"),
    ],
)
def test_what_a_service_refuses(inputs: dict[str, Any], path: str, problem: str) -> None:
    assert faults(amazon({**GOOD, **inputs})) == [(path, problem)]


def test_what_a_service_allows() -> None:
    inputs = {**GOOD, "labels": {"aa": "bb"}, "on": True, "ratio": 1, "free": {"any": ["thing"]}, "size": UNKNOWN}
    outcome = amazon(inputs)
    assert faults(outcome) == []
    assert outcome.unknown == ["size"]
    assert amazon({}, filled={"Name": "random", "Rules": "none"}).faults == []
    assert faults(amazon({"name": "pool", "rules": []})) == []  # a provider leaves out an empty list


def test_rules_lead_to_other_places() -> None:
    at = At("parent.nodes", "nested")
    assert faults(google({"count": "3"}, count=at)) == [("count", "string where integer is wanted")]
    held = {"held": At("parent", "renamed"), "held__size": At("nodes", "renamed")}
    assert faults(google({"count": 3, "held": {"size": True}}, count=at, **held)) == [
        ("held.size", "boolean where integer is wanted")
    ]
    zone = At("x.pools.insert:zone", "in the URL", template="zones/{}")
    assert faults(google({"zone": "a"}, zone=zone)) == []
    assert faults(google({"zone": "zones/a"}, zone=zone)) == []  # the whole path: a resource's id is one
    assert faults(google({"zone": "zones/a/b"}, zone=zone)) == [("zone", "not of the form that is allowed")]
    assert faults(google({"v": ["a", 1]}, v=At("x.pools.insert:views", "in the URL"))) == [
        ("v[1]", "integer where string is wanted")
    ]


def test_lists_and_maps_that_the_provider_shortens() -> None:
    ranges = At("Rules[].Range", "the API describes each range", each=True)
    assert faults(amazon({**GOOD, "ranges": ["abc", "1"]}, ranges=ranges)) == [
        ("ranges[1]", "not of the form that is allowed"),
        ("ranges.port", "missing"),
    ]
    assert faults(amazon({**GOOD, "ranges": "abc"}, ranges=ranges))[0] == ("ranges", "string where array is wanted")
    tags = Pairs("Tags[].Key", "Tags[].Value", "a list of tags")
    assert faults(amazon({**GOOD, "tags": {"aa": "bb"}}, tags=tags)) == []
    assert faults(amazon({**GOOD, "tags": {"A": "bb", "cc": 7}}, tags=tags)) == [
        ("tags['A']", "not of the form that is allowed"),
        ("tags['cc']", "integer where string is wanted"),
    ]
    assert faults(amazon({**GOOD, "tags": ["aa"]}, tags=tags)) == [("tags", "array where map is wanted")]


def test_values_that_the_provider_converts() -> None:
    on = At("On", "text", converted=True)
    assert faults(amazon({**GOOD, "on": "true"}, on=on)) == []
    assert faults(amazon({**GOOD, "on": "yes"}, on=on)) == [("on", "string where boolean is wanted")]
    assert faults(amazon({**GOOD, "size": "7"}, size=At("Size", "text", converted=True))) == []
    assert faults(google({"doc": {"a": 1}}, doc=At("name", "JSON", converted=True))) == [
        ("doc", "not of the form that is allowed")
    ]


def test_another_request_requires_only_what_the_provider_cannot_know() -> None:
    assert faults(amazon({**GOOD, "on": True}, on=At("Change:On", "a request of its own"))) == []


def test_a_value_has_to_fit_every_place() -> None:
    both = (At("Name", "as a name"), At("Size", "as a size"))
    assert faults(amazon({**GOOD, "both": "abc"}, both=both)) == [("both", "string where integer is wanted")]


def test_what_no_model_covers_is_listed_and_not_checked() -> None:
    outcome = google({"mine": {"any": "thing"}, "old": True, "nodes": 1}, mine=NotCovered("ours alone"))
    assert (outcome.not_covered, outcome.checked, outcome.deprecated) == (
        {"mine": "ours alone"},
        ["old", "nodes"],
        ["old"],
    )


def test_a_fault_says_what_is_allowed_and_hides_a_secret() -> None:
    (fault,) = google({"mode": "MIDDLING"}).faults
    assert str(fault) == (
        "mode = 'MIDDLING': not one of the values that are allowed; Pool.mode: string, one of FAST, SLOW"
    )
    (fault,) = google({"nodez": 1}).faults
    assert "nodes? Pool has anything, bytes" in fault.allowed
    (fault,) = google({"counts": 1}, count=At("nodes", "renamed")).faults
    assert fault.allowed.startswith("count? Pool has anything, bytes, count")
    for inputs in ({"mode": secret("hunter2")}, {"modes": secret(["hunter2"])}, {"labels": {"a": secret(["hunter2"])}}):
        (fault,) = google(inputs).faults
        assert "hunter2" not in str(fault)


def test_patterns_of_java_are_read() -> None:
    pattern = python_pattern(r"[\u0020-\uD7FF\uD800\uDC00-\uDBFF\uDFFF]+")
    schema = Schema(Kind.STRING, "text", pattern=pattern)
    assert scalar_problem("a\U0001f600", schema) is None
    assert scalar_problem("a\n", schema) is not None
    assert scalar_problem("é1 ", Schema(Kind.STRING, "tag", pattern=python_pattern(r"[\p{L}\p{Z}\p{N}]*"))) is None
