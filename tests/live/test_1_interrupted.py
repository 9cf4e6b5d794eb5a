"""`up` continues after an interruption at any point, and after several of them.

Each of the interrupted ones goes on where the one before it stopped, so the four points lie ever deeper: processes,
images, objects, the first answer. Four clusters from nothing would show the same and take six minutes more. The last
`up` is left to end: it is the one that all other tests ask.
"""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.live.conftest import ROOT
from tests.soak.snapshot import Facts

pytestmark = pytest.mark.live

INTERRUPTED = 130
INTERRUPTIONS = ((2, signal.SIGINT), (6, signal.SIGTERM), (12, signal.SIGINT), (25, signal.SIGTERM))
"""Seconds after its start, and how."""


def heed_interrupts() -> None:
    """A shell that runs this in the background has interrupts ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted_up(after_seconds: int, how: signal.Signals) -> tuple[int, str]:
    """Exit code and standard error of an `up` that was interrupted."""
    command = [".venv/bin/python", "-m", "scripts", "up"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509
    ) as up:
        try:
            up.wait(after_seconds)
        except subprocess.TimeoutExpired:
            up.send_signal(how)
        _, errors = up.communicate(timeout=60)
    return up.returncode, errors


def test_an_up_that_is_interrupted_again_and_again_is_continued(
    host_while_down: Facts, request: pytest.FixtureRequest
) -> None:
    for after_seconds, how in INTERRUPTIONS:
        code, errors = interrupted_up(after_seconds, how)
        assert code == INTERRUPTED, f"after {after_seconds} s: exit code {code}: {errors[-2000:]}"
        assert "run the same command again" in errors
        assert "Traceback" not in errors
    again = request.getfixturevalue("first_up")
    assert again.returncode == 0
