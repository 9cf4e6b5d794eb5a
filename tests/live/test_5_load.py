"""A load test through the gateway: every request is answered, and the report is there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.live.conftest import scripts_json

pytestmark = pytest.mark.live


def test_two_requests_a_second_are_all_answered(first_up: subprocess.CompletedProcess[str], tmp_path: Path) -> None:
    report = tmp_path / "load.html"
    arguments = ["--rps", "2", "--seconds", "10", "--report", str(report)]
    document = scripts_json("load", "gpt", *arguments, timeout_seconds=300)
    assert document["summary"]["errors"] == {}
    assert document["summary"]["answered"] > 0
    assert document["objections"] == []
    assert "Load test of gpt" in report.read_text("utf-8")
