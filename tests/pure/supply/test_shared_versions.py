"""The Go groups share versions of libraries, so that each is compiled once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.local.supply import pins
from scripts.local.supply.pins import GoGroup, go_groups
from scripts.local.supply.shared_versions import apart, newest, shared


def test_the_groups_of_the_local_cluster_have_one_version_of_each_library() -> None:
    assert apart(go_groups().values()) == {}, "run `python -m scripts.local.supply.shared_versions`"


def test_what_is_compared_is_what_is_compiled() -> None:
    kubernetes = shared(go_groups()["kubernetes"])
    assert len(kubernetes) > 80
    assert "k8s.io/kubernetes" not in kubernetes, "its version is the catalog's"


Maker = Callable[..., GoGroup]


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """Makes a group whose go.mod requires, and replaces, modules at versions."""
    monkeypatch.setattr(pins, "LOCAL", tmp_path)

    def make(name: str, requires: dict[str, str], replaces: dict[str, str] | None = None) -> GoGroup:
        (tmp_path / name).mkdir()
        lines = [
            "module aigc.local/tool",
            "",
            "require (",
            *(f"\t{m} {v} // indirect" for m, v in requires.items()),
            ")",
        ]
        lines += ["", "replace (", *(f"\t{m} => {m} {v}" for m, v in (replaces or {}).items()), ")", ""]
        (tmp_path / name / "go.mod").write_text("\n".join(lines))
        return GoGroup(name, f"example.org/{name}", ("example.org/cmd",), (), (), None)

    return make


def test_a_library_of_two_versions_is_named_with_its_groups(group: Maker) -> None:
    groups = [
        group("one", {"example.org/a": "v1.2.0", "example.org/b": "v1.0.0"}),
        group("two", {"example.org/a": "v1.10.0"}),
    ]
    assert apart(groups) == {"example.org/a": {"one": "v1.2.0", "two": "v1.10.0"}}


def test_kubernetes_libraries_follow_the_minor_of_their_group(group: Maker) -> None:
    of = "k8s.io/apimachinery"
    older, newer = group("older", {of: "v0.35.7"}), group("newer", {of: "v0.37.2"})
    assert apart([older, newer]) == {}
    assert apart([older, newer, group("third", {of: "v0.37.1"})]) == {of: {"newer": "v0.37.2", "third": "v0.37.1"}}


def test_what_a_module_holds_back_itself_is_its_own_affair(group: Maker) -> None:
    held = group("held", {"example.org/a": "v1.5.0"}, {"example.org/a": "v1.1.0"})
    assert apart([held, group("free", {"example.org/a": "v1.6.0"})]) == {}


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (["v1.9.0", "v1.10.0"], "v1.10.0"),
        (["v1.36.12", "v1.36.12-0.20260120151049-f2248ac996af"], "v1.36.12"),
        (
            ["v0.0.0-20260526163538-3dc84a4a5aaa", "v0.0.0-20260928230214-8a89bd6388cc"],
            "v0.0.0-20260928230214-8a89bd6388cc",
        ),
        (["v29.7.2+incompatible", "v27.5.1+incompatible"], "v29.7.2+incompatible"),
    ],
)
def test_versions_are_ordered_as_go_orders_them(versions: list[str], expected: str) -> None:
    assert newest(versions) == newest(reversed(versions)) == expected
