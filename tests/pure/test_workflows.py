"""The workflows: actions pinned, rights least, no text of a pull request in a script, and commands that exist."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from scripts.__main__ import build_app
from scripts.preview.forms import MARKER

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"^\s*(?:- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
WRITES = {("comment", "pull-requests"), ("pulumi", "id-token"), ("drift", "id-token")}
"""Jobs that may write, and what; id-token is how a cloud is asked for credentials that last an hour."""


def jobs(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from yaml.safe_load(path.read_text())["jobs"].items()


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in jobs(path):
            for step in job["steps"]:
                yield f"{path.name}: {name}", step


def test_there_are_workflows() -> None:
    assert [path.name for path in WORKFLOWS] == ["drift.yml", "preview.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_their_whole_sha_and_say_their_version(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not PINNED.match(line)] == []


def test_one_action_is_one_version_everywhere() -> None:
    found: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for name, pin in re.findall(r"uses: (\S+)@(\S+ # \S+)", path.read_text()):
            found.setdefault(name, set()).add(pin)
    assert {name: pins for name, pins in found.items() if len(pins) > 1} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_none_and_each_job_has_its_own(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {}
    for name, job in jobs(path):
        assert "timeout-minutes" in job
        rights = job["permissions"]
        assert {(name, right) for right, level in rights.items() if level == "write"} <= WRITES
        assert set(rights.values()) <= {"read", "write"}


def test_what_may_write_runs_nothing_of_the_branch() -> None:
    comment = dict(jobs(ROOT / ".github" / "workflows" / "preview.yml"))["comment"]
    assert not any("checkout" in str(step.get("uses")) or ".venv" in str(step.get("run")) for step in comment["steps"])


def test_credentials_do_not_stay_in_the_checkout() -> None:
    checkouts = [step for _, step in steps() if "actions/checkout@" in str(step.get("uses"))]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_no_expression_is_pasted_into_a_script() -> None:
    assert [where for where, step in steps() if "${{" in str(step.get("run"))] == []


def test_a_job_with_secrets_never_runs_for_a_fork() -> None:
    for path in WORKFLOWS:
        on = yaml.safe_load(path.read_text())[True]  # YAML 1.1 reads `on` as true
        assert "pull_request_target" not in on
        for name, job in jobs(path):
            if "secrets." in str(job) or "id-token" in job["permissions"]:
                own = "head.repo.full_name == github.repository" in str(job.get("if"))
                assert own or "pull_request" not in on, name


def test_commands_of_ours_exist() -> None:
    whole = get_command(build_app())
    verbs = set(getattr(whole, "commands", {}))
    assert "validate" in verbs
    seen = set()
    for where, step in steps():
        for line in str(step.get("run") or "").replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if "-m" in words and "scripts" in words:
                verb = words[words.index("scripts") + 1]
                seen.add(verb)
                assert verb in verbs, f"{where}: {verb}"
            elif words and words[0].startswith(".ci/"):
                assert (ROOT / words[0]).is_file(), f"{where}: {words[0]}"
            elif words and words[0] == "make":
                assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.M), f"{where}: {words[1]}"
    assert seen == {"preview", "cluster", "engine"}


def test_the_pulumi_of_the_workflows_is_the_one_of_the_program() -> None:
    pinned = re.search(r"^pulumi==(\S+)$", (ROOT / "requirements.txt").read_text(), re.M)
    assert pinned
    versions = {step["with"]["pulumi-version"] for _, step in steps() if "pulumi/actions" in str(step.get("uses"))}
    assert versions == {pinned[1]}


def comment_script() -> str:
    (script,) = [step["run"] for _, step in steps() if "gh api" in str(step.get("run"))]
    return str(script)


def test_the_comment_is_found_by_the_marker_of_the_preview() -> None:
    script = comment_script()
    assert "marker=$(head -n 1 preview.md)" in script and "PATCH" in script
    assert '"' not in MARKER and "\\" not in MARKER  # it stands in a query of jq


GH = """#!/bin/sh
echo "$@" >> calls
case "$*" in *--jq*) cat ids ;; esac
"""
"""Stands for GitHub's command line: it notes what it was asked, and knows the comments that were found."""


@pytest.mark.parametrize(
    ("ids", "method", "path"),
    [
        ("", "POST", "repos/someone/aigc/issues/7/comments"),
        ("41\n", "PATCH", "repos/someone/aigc/issues/comments/41"),
        ("41\n42\n", "PATCH", "repos/someone/aigc/issues/comments/41"),
    ],
)
def test_there_is_one_comment_which_is_edited_in_place(tmp_path: Path, ids: str, method: str, path: str) -> None:
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "ids").write_text(ids)
    (tmp_path / "preview.md").write_text(f"{MARKER}\n" + "x" * 70_000)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "REPOSITORY": "someone/aigc", "NUMBER": "7"}
    subprocess.run(["bash", "-e", "-c", comment_script()], cwd=tmp_path, env=environment, check=True)
    looked, wrote = (tmp_path / "calls").read_text().splitlines()
    assert MARKER in looked and "repos/someone/aigc/issues/7/comments" in looked
    assert wrote == f"api --method {method} {path} -F body=@comment.md"
    written = (tmp_path / "comment.md").read_text()
    assert written.startswith(f"{MARKER}\n") and len(written) == 65_000


def test_drift_is_looked_for_every_week_and_a_difference_fails() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "drift.yml").read_text())
    (schedule,) = workflow[True]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", schedule["cron"])
    (command,) = [step for step in workflow["jobs"]["drift"]["steps"] if "pulumi preview" in str(step.get("run"))]
    assert "--refresh --expect-no-changes" in command["run"]
    assert command["shell"] == "bash", "with pipefail: else the pipe's end would answer"
