"""`up` continues after an interruption at any point."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.live.conftest import ROOT, make

pytestmark = pytest.mark.live

INTERRUPTED = 130


def heed_interrupts() -> None:
    """A shell that runs this in the background has interrupts ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("after_seconds", "how"), [(2, signal.SIGINT), (6, signal.SIGTERM), (12, signal.SIGINT), (25, signal.SIGTERM)]
)
def test_an_interrupted_up_is_continued(after_seconds: int, how: signal.Signals) -> None:
    assert make("down").returncode == 0
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
    assert up.returncode == INTERRUPTED, errors[-2000:]
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    again = make("up")
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
