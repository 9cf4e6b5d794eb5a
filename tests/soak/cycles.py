"""Down and up again and again: each time the model answers, and each time the host is as it was before."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

from aigc.config.stacks import PROJECT_ROOT
from tests.faults.scene import Scene
from tests.faults.traffic import TOKENS_OUT
from tests.faults.up import must_come_up
from tests.soak.snapshot import differences, snapshot


def run(rounds: int) -> dict[str, Any]:
    """Begins and ends with a cluster that is up, whatever there was."""
    down()
    before, objections, seconds = snapshot(), [], []
    answers: dict[str, dict[str, str]] = {}
    for number in range(1, rounds + 1):
        started = time.monotonic()
        must_come_up()
        for target in Scene.connect().targets():
            known = target.known(TOKENS_OUT)
            if answers.setdefault(target.name, known) != known:
                objections.append(f"round {number}: {target.name} answers {known}, not {answers[target.name]}")
        down()
        objections += [f"round {number}: {line}" for line in differences(before, snapshot())]
        seconds.append(round(time.monotonic() - started, 1))
        sys.stderr.write(f"cycle {number} of {rounds}: {seconds[-1]} s, {len(objections)} objections\n")
    must_come_up()
    return {"objections": objections, "seconds": seconds, "facts_compared": len(before)}


def down() -> None:
    """As a person runs it."""
    command = [sys.executable, "-m", "scripts", "down", "local"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
