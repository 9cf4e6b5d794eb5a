"""The exit codes of `preview`: 0 fine, 1 a mandatory rule is broken, 2 bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from scripts.__main__ import run_verb
from scripts.engine.graph import Graph
from scripts.verbs import preview as verb
from tests.pure.plan.stacks_for_tests import gcp, write
from tests.pure.preview.samples import gke_pool, graph


@pytest.fixture
def previewed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, repository: Path) -> list[Graph]:
    """The graph that every stack has; a test puts it in."""
    graphs: list[Graph] = []
    plan = resolve(parse_stack_file(write(tmp_path, gcp())), "gcp-test", repository)
    monkeypatch.setattr(verb, "preview_graphs", lambda names, _: dict.fromkeys(names, graphs[0]))
    monkeypatch.setattr(verb, "plan_of", lambda *_: plan)
    return graphs


def test_a_broken_rule_is_a_no_and_the_report_is_there(previewed: list[Graph], tmp_path: Path) -> None:
    previewed.append(graph(gke_pool()))  # without a provider, and in no component
    out = tmp_path / "preview.json"
    assert run_verb(["preview", "any", "--format", "json", "--out", str(out)]) == 1
    (stack,) = json.loads(out.read_text())["stacks"]
    broken = {rule["name"] for rule in stack["policy"]["rules"] if rule["broken"]}
    assert broken == {"providers-are-named", "parents-are-components"}


def test_a_sound_stack_is_fine(previewed: list[Graph], tmp_path: Path) -> None:
    previewed.append(graph())
    out = tmp_path / "preview.md"
    assert run_verb(["preview", "any", "--format", "md", "--out", str(out)]) == 0
    assert "no mandatory rule is broken" in out.read_text()


def test_a_file_that_cannot_be_written_is_bad_input(
    previewed: list[Graph], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    previewed.append(graph())
    assert run_verb(["preview", "any", "--out", str(tmp_path / "no" / "folder")]) == 2
    assert "--out" in capsys.readouterr().err
