"""`make up`: what it prints, and that a second one changes nothing.

It was interrupted before (`test_1_interrupted.py`), and may have found a replica; that a cold start is told is seen in
`test_9_down.py`.
"""

from __future__ import annotations

import subprocess

import pytest

from tests.live.conftest import scripts_json

pytestmark = pytest.mark.live


def test_up_tells_the_answer_the_path_and_the_times(first_up: subprocess.CompletedProcess[str]) -> None:
    for word in ("answer", "warm", "What was done", "gateway", "queue-proxy", "triton", "total"):
        assert word in first_up.stdout, f"`make up` does not tell {word}:\n{first_up.stdout}"


def test_a_second_up_changes_nothing(first_up: subprocess.CompletedProcess[str]) -> None:
    report = scripts_json("up")
    applied = report["applied"]
    assert (applied["created"], applied["changed"], applied["pruned"]) == (0, 0, 0)
    assert applied["unchanged"] > 50
    assert report["answer"]["text"].strip()
    assert all(step["outcome"] != "built" for step in report["steps"])


def test_status_says_that_all_is_well(first_up: subprocess.CompletedProcess[str]) -> None:
    status = scripts_json("status")
    assert {p["state"] for p in status["processes"]} == {"running"}
    assert [w for w in status["workloads"] if not w["ready"]] == []
    assert {"gpt", "gpt-handbook"} <= {w["name"] for w in status["workloads"]}
