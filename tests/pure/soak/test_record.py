"""A soak record is refused when it is missing, too small, not sound, or older than what it covers, with a way out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from aigc.config.stacks import PROJECT_ROOT
from scripts.stacks import LOCAL_STACK
from tests.programs.graphs import graph_of
from tests.soak.record import COVERS, WANTED, digest, files_of, served_text
from tests.soak.record import objections as objections_of

PART = "volume"


def no_objects(root: Path) -> str:
    return f"of {root}"


def objections(part: str, records: Path, root: Path) -> list[str]:
    return objections_of(part, records, root, no_objects)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree in which every covered folder has one file."""
    for covered in COVERS[PART].paths:
        (tmp_path / covered).mkdir(parents=True)
        (tmp_path / covered / "code.py").write_text("x = 1\n")
    return tmp_path


def record(tree: Path, **different: Any) -> Path:
    records = tree / "records"
    records.mkdir(exist_ok=True)
    document = {"part": PART, "digest": digest(PART, tree, no_objects), **WANTED[PART], "objections": [], **different}
    (records / f"{PART}.json").write_text(json.dumps(document))
    return records


def test_a_full_and_sound_record_of_these_sources_holds(tree: Path) -> None:
    assert objections(PART, record(tree), tree) == []


@pytest.mark.parametrize("change", ["edit", "add", "remove", "rename"])
def test_a_change_of_what_it_covers_makes_it_old(tree: Path, change: str) -> None:
    records, file = record(tree), tree / COVERS[PART].paths[0] / "code.py"
    if change == "edit":
        file.write_text("x = 2\n")
    elif change == "add":
        (file.parent / "more.py").write_text("")
    elif change == "remove":
        file.unlink()
    else:
        file.rename(file.with_name("other.py"))
    (words,) = objections(PART, records, tree)
    assert "older than the last change of what it covers" in words
    assert f"make soak PART={PART}" in words


def test_what_it_does_not_cover_changes_nothing(tree: Path) -> None:
    records = record(tree)
    (tree / COVERS[PART].paths[0] / "README.md").write_text("words")
    (tree / "README.md").write_text("words")
    assert objections(PART, records, tree) == []


@pytest.mark.parametrize(
    ("different", "words"),
    [
        ({"requests": 99_999}, "is of 99999 requests, 100000 are asked for"),
        ({"objections": ["2 times: wrong answer"]}, "was not sound"),
        ({"digest": "other"}, "older"),
    ],
)
def test_what_is_refused(tree: Path, different: dict[str, Any], words: str) -> None:
    (found,) = objections(PART, record(tree, **different), tree)
    assert words in found


def test_a_record_that_does_not_say_whether_it_was_sound_is_refused(tree: Path) -> None:
    file = record(tree) / f"{PART}.json"
    document = json.loads(file.read_text())
    del document["objections"]
    file.write_text(json.dumps(document))
    assert "was not sound" in objections(PART, file.parent, tree)[0]


def test_no_record_and_an_unreadable_one_are_refused_with_the_way_out(tree: Path) -> None:
    (words,) = objections(PART, tree / "nowhere", tree)
    assert "there is no record" in words
    assert f"make soak PART={PART}" in words
    records = record(tree)
    (records / f"{PART}.json").write_text("{")
    assert "there is no record" in objections(PART, records, tree)[0]


@pytest.mark.parametrize("part", COVERS)
def test_everything_that_a_part_covers_is_there(part: str) -> None:
    assert all(files_of(PROJECT_ROOT / covered) for covered in COVERS[part].paths)


def test_a_change_of_the_declared_objects_makes_it_old(tree: Path) -> None:
    (words,) = objections_of(PART, record(tree), tree, lambda root: "another object")
    assert "older than the last change of what it covers" in words
    assert "the objects of stack local in models and gateway" in words


def test_the_objects_are_those_that_serve_and_no_others() -> None:
    text = served_text(graph_of(LOCAL_STACK))
    kinds = re.findall(r"^kind: (\w+)$", text, re.MULTILINE)
    assert {"Deployment", "Service", "ScaledObject", "NetworkPolicy"} <= set(kinds)
    assert "GrafanaDashboard" not in kinds
    assert "namespace: monitoring" not in text
