"""`preview --base` shows what a change does to a stack, against a commit of the same repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from scripts.engine.base import graphs_of_commit
from scripts.preview import forms
from scripts.preview.changes import changes_since
from scripts.preview.report import StackReport
from tests.pure.engine.conftest import RunProgram, runner_in

BEFORE = 'config_map("kept", size="1"); config_map("gone")'
AFTER = 'config_map("kept", size="2"); config_map("new")'


def _git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def committed(project: Path) -> RunProgram:
    """A repository whose last commit holds the program before the change."""
    run = runner_in(project)
    run(BEFORE)
    _git(project, "init", "-q")
    _git(project, "add", "-A")
    _git(project, "commit", "-qm", "before")
    return run


def test_the_difference_from_a_commit(committed: RunProgram, project: Path) -> None:
    now = committed(AFTER)
    changes = changes_since("HEAD", graphs_of_commit("HEAD", ["dev"], project)["dev"], now)
    assert [urn.rsplit("::", 1)[-1] for urn in changes.added] == ["new"]
    assert [urn.rsplit("::", 1)[-1] for urn in changes.removed] == ["gone"]
    (change,) = changes.changed
    assert change.urn.endswith("::kept")
    ((path, before, after),) = [(one.path, one.before, one.now) for one in change.reasons]
    assert (path, before, after) == ("data.size", "'1'", "'2'")
    report = StackReport(now, None, changes)
    assert "1 added, 1 removed, 0 changed, 1 replaced" in forms.text([report])
    assert "-/+ kubernetes:core/v1:ConfigMap::kept: replaced; the old one is deleted first" in forms.markdown([report])
    assert forms.stack_json(report)["changes"]["removed"] == list(changes.removed)


def test_a_stack_that_is_new_is_all_added(committed: RunProgram, project: Path) -> None:
    assert graphs_of_commit("HEAD", ["other"], project)["other"].resources == ()


def test_an_unknown_commit_is_a_fault(committed: RunProgram, project: Path) -> None:
    with pytest.raises(UserError, match="--base nowhere"):
        graphs_of_commit("nowhere", ["dev"], project)


def test_the_work_tree_is_left_alone(committed: RunProgram, project: Path) -> None:
    committed(AFTER)
    graphs_of_commit("HEAD", ["dev"], project)
    status = subprocess.run(
        ["git", "-C", str(project), "status", "--porcelain"], check=True, capture_output=True, text=True
    )
    assert status.stdout.split() == ["M", "infra/__main__.py"]
