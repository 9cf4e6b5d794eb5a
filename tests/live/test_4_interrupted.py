"""`up` continues after an interruption at any point."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.live.conftest import ROOT, make

pytestmark = pytest.mark.live


@pytest.mark.parametrize("after_seconds", [2, 6, 12])
def test_an_interrupted_up_is_continued(after_seconds: int) -> None:
    assert make("down").returncode == 0
    command = [".venv/bin/python", "-m", "scripts", "up"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as up:
        try:
            up.wait(after_seconds)
        except subprocess.TimeoutExpired:
            up.send_signal(signal.SIGINT)
        _, errors = up.communicate(timeout=60)
    assert "Traceback" not in errors
    again = make("up")
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
