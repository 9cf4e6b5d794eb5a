"""README is true: each command in it runs here, or is the one that runs this test."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.live.conftest import ROOT

pytestmark = pytest.mark.live

RUN_ELSEWHERE = {
    "make up": "the fixture first_up",
    "make down": "tests/live/test_9_down.py",
    "make test": ".ci/run, which runs this file",
    "make check": "the rings beside this one, by .ci/rings",
    "python -m scripts capacity aws-dev": "tests/pure/capacity/test_capacity_verb.py, where moto is the account",
    "python -m scripts capacity aws-dev --format json": "the same",
    "python -m scripts pin --prices --cloud aws --region us-east-1": "tests/pure/capacity/test_pin_prices.py",
}


def readme_commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_the_two_set_up_commands_come_first() -> None:
    assert readme_commands()[:2] == ["make up", "make test"]
    assert "make test" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("command", [c for c in readme_commands() if c not in RUN_ELSEWHERE])
def test_a_command_of_the_readme_works(
    command: str, first_up: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    command = command.replace("build/render", str(tmp_path))
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.strip()
