"""A program that fails is told with its name, code and last words; its language never depends on the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from scripts.local.supply.process import TAIL_LINES, run


def script(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tool"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_output_is_returned_in_one_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert run([script(tmp_path, "echo $LC_ALL"), "x"], "here", "this way") == "C.UTF-8\n"


def test_a_failure_shows_the_last_lines(tmp_path: Path) -> None:
    tool = script(tmp_path, "seq 1 100; echo 'disk full' >&2; exit 3")
    with pytest.raises(UserError) as caught:
        run([tool, "download"], "Debian packages", "free some space")
    (fault,) = caught.value.faults
    assert fault.where == "Debian packages"
    assert fault.way_out == "free some space"
    assert "`tool download` ended with 3" in fault.problem
    assert "disk full" in fault.problem
    assert len(fault.problem.splitlines()) == TAIL_LINES + 1


def test_a_missing_program_is_named() -> None:
    with pytest.raises(UserError, match="no program /nowhere/tool"):
        run(["/nowhere/tool", "x"], "here", "this way")


def test_codes_that_are_no_failure(tmp_path: Path) -> None:
    assert run([script(tmp_path, "echo fine; exit 1"), "x"], "here", "this way", accepted=(0, 1)) == "fine\n"
