"""How Azure's packages are read, on small ones of either kind: with annotated fields, and with maps beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.engine.wire import UNKNOWN
from tests.contracts.azure_model import AzureModel
from tests.contracts.rules import At, Keys, Row, Rule
from tests.contracts.schema import Kind
from tests.contracts.walk import Outcome, Walk

NEWER = '''
from somewhere import _Model


class Tracked(_Model):
    id: Optional[str] = rest_field(visibility=["read"])
    location: str = rest_field(visibility=["read", "create"])
    """Where it is."""


class Pool(
    Tracked
):  # a header of several lines
    """A pool."""

    properties: Optional["_models.PoolProperties"] = rest_field(visibility=["read", "create"])

    __flattened_items = ["vm_size"]


class PoolProperties(_Model):
    vm_size: str = rest_field(name="vmSize", visibility=["read", "create"])
    count: Optional[int] = rest_field(visibility=["read", "create"])
    price: Optional[float] = rest_field(visibility=["read", "create"])
    mode: Optional[Union[str, "_models.Mode"]] = rest_field(visibility=["read", "create"])
    zones: Optional[list[str]] = rest_field(visibility=["read", "create"])
    labels: Optional[dict[str, str]] = rest_field(visibility=["read", "create"])
    owners: Optional[dict[str, "_models.Owner"]] = rest_field(visibility=["read", "create"])
    parent: Optional["_models.Pool"] = rest_field(visibility=["read", "create"])
    kind: Optional[Literal["A", "B"]] = rest_field(visibility=["read", "create"])
    made: Optional[datetime.datetime] = rest_field(visibility=["read", "create"])
    not_a_field: str = "x"


class Owner(_Model):
    since: Optional[str] = rest_field(visibility=["read"])


def top() -> None: ...
'''
OLDER = """
class Assignment(_serialization.Model):
    _validation = {"scope": {"readonly": True}, "role": {"required": True}, "note": {"max_length": 5, "min_length": 2}}

    _attribute_map = {
        "scope": {"key": "properties.scope", "type": "str"},
        "role": {"key": "properties.roleId", "type": "str"},
        "mode": {"key": "properties.mode", "type": "str"},
        "note": {"key": "properties.note", "type": "str"},
        "tags": {"key": "tags", "type": "{str}"},
        "others": {"key": "others", "type": "[Assignment]"},
        "made": {"key": "made", "type": "iso-8601"},
    }

    def __init__(self, *, role: str, mode: Union[str, "_models.Mode"] = "FAST", **kwargs: Any) -> None:
        super().__init__(**kwargs)
"""
ENUMS = '''
class Mode(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """How."""

    FAST = "Fast"
    """Quickly."""
    SLOW = "Slow"
'''
OPERATIONS = """
def build_{name}_request(group: str, name: str, **kwargs: Any) -> HttpRequest:
    _url = "/groups/{{groupName}}/pools/{{poolName}}"
    path_format_arguments = {{
        "groupName": _SERIALIZER.url("group", group, "str", max_length=4, min_length=1, skip_quote=True),
        "poolName": _SERIALIZER.url("name", name, "str", pattern=r"^[a-z]+$"),
    }}
"""


def package(folder: Path, models: str, operations: dict[str, str]) -> AzureModel:
    for place, text in {"models/_models.py": models, "models/_x_enums.py": ENUMS, **operations}.items():
        path = folder / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return AzureModel("azure-test", folder)


@pytest.fixture
def newer(tmp_path: Path) -> AzureModel:
    text = OPERATIONS.format(name="pools_put")
    return package(tmp_path, NEWER, {"operations/_operations.py": text})


@pytest.fixture
def older(tmp_path: Path) -> AzureModel:
    text = OPERATIONS.format(name="put")
    return package(tmp_path, OLDER, {"operations/_pools_operations.py": text})


def checked(model: AzureModel, request: str, inputs: dict[str, Any], rules: dict[str, Rule] | None = None) -> Outcome:
    return Walk(Row("azure-native:x:X", "azure-test", request, rules or {}), lambda _: model).run(inputs)


SOUND = {
    "location": "eastus", "vmSize": "D8", "count": 0, "price": -1.0, "mode": "Fast", "zones": ["1"], "kind": "A",
    "labels": {"a/b": "c"}, "owners": {"me": {}}, "parent": {"location": "x", "vmSize": "y"}, "made": 7,
}  # fmt: skip


def test_a_resource_is_read_through_its_properties_and_its_bases(newer: AzureModel) -> None:
    outcome = checked(newer, "Pool", SOUND)
    assert outcome.faults == []
    assert len(outcome.checked) == len(SOUND) + 2
    assert newer.root("Pool").fields["id"].output_only
    assert newer.root("Pool").required == {"location", "vmSize"}
    assert newer.root("Pool").fields["mode"].schema.enum == ("Fast", "Slow")
    assert newer.root("Pool").fields["made"].schema.kind is Kind.ANY


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"vmSize": None}, "vmSize", "missing"),
        ({"vm_size": "x"}, "vm_size", "does not know"),
        ({"not_a_field": "x"}, "not_a_field", "does not know"),
        ({"properties": {}}, "properties", "does not know"),
        ({"id": "x"}, "id", "only the cloud"),
        ({"mode": "fast"}, "mode", "not one of"),
        ({"kind": "C"}, "kind", "not one of"),
        ({"count": "1"}, "count", "integer is wanted"),
        ({"count": 1.5}, "count", "integer is wanted"),
        ({"zones": "1"}, "zones", "array is wanted"),
        ({"zones": [1]}, "zones[0]", "string is wanted"),
        ({"labels": {"a": 1}}, "labels['a']", "string is wanted"),
        ({"owners": {"me": {"since": "x"}}}, "owners['me'].since", "only the cloud"),
        ({"parent": {"location": "x"}}, "parent.vmSize", "missing"),
    ],
)
def test_what_azure_would_refuse(newer: AzureModel, change: dict[str, Any], path: str, words: str) -> None:
    found = checked(newer, "Pool", SOUND | change).faults
    assert any(fault.path == path and words in fault.problem for fault in found), found


def test_older_packages_say_the_same_in_maps(older: AzureModel) -> None:
    sound = {"roleId": "x", "mode": "Slow", "note": "abc", "tags": {"a": "b"}, "others": [{"roleId": "y"}], "made": "z"}
    assert checked(older, "Assignment", sound).faults == []
    bad: list[dict[str, Any]] = [
        {"mode": "slow"}, {"note": "abcdef"}, {"tags": {"a": 1}}, {"others": [{}]}, {"scope": "x"},
    ]  # fmt: skip
    for wrong in bad:
        assert checked(older, "Assignment", sound | wrong).faults, wrong


@pytest.mark.parametrize("kind", ["newer", "older"])
def test_what_stands_in_the_url_is_checked_by_what_the_operation_says(
    kind: str, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(kind)
    rules: dict[str, Rule] = {name: At(f"pools.put:{name}", "in the URL") for name in ("groupName", "poolName")}
    root = "Owner" if kind == "newer" else "Assignment"
    sound = {"groupName": "four", "poolName": "abc"} | ({} if kind == "newer" else {"roleId": "x"})
    assert checked(model, root, sound, rules).faults == []
    assert [fault.path for fault in checked(model, root, sound | {"groupName": "five!"}, rules).faults] == ["groupName"]
    assert [fault.path for fault in checked(model, root, sound | {"poolName": "A"}, rules).faults] == ["poolName"]
    with pytest.raises(KeyError, match="no class or function build"):
        model.root("pools.patch")
    with pytest.raises(KeyError, match="no class or function Nothing"):
        model.root("Nothing")


def test_a_list_that_is_a_maps_keys_is_checked_key_by_key(newer: AzureModel) -> None:
    rules: dict[str, Rule] = {"people": Keys("owners", "a map by name")}
    sound = {"location": "x", "vmSize": "y", "people": ["a", UNKNOWN]}
    outcome = checked(newer, "Pool", sound, rules)
    assert (outcome.faults, outcome.unknown) == ([], ["people[1]"])
    assert [fault.path for fault in checked(newer, "Pool", sound | {"people": ["a", 7]}, rules).faults] == ["people[1]"]
    assert [fault.path for fault in checked(newer, "Pool", sound | {"people": {"a": {}}}, rules).faults] == ["people"]
