"""The bench of `preview` sees the memory of all processes of a command, and says the worst of its runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.bench.bench_preview import Run, result_of, watched

HOLDS_100_MIB = "held = b'x' * (100 << 20); import time; time.sleep(1.5)"
CHILD_HOLDS_100_MIB = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS_100_MIB!r}], check=True)"


@pytest.mark.parametrize("program", [HOLDS_100_MIB, CHILD_HOLDS_100_MIB], ids=["itself", "its child"])
def test_memory_is_that_of_every_process(program: str) -> None:
    run = watched([sys.executable, "-c", program])
    assert 100 < run.peak_mib < 200
    assert run.seconds >= 1.5


def test_a_command_that_fails_is_no_run() -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        watched([sys.executable, "-c", "raise SystemExit('no network')"])
    assert b"no network" in caught.value.output


def test_the_result_is_the_middle_and_the_worst() -> None:
    runs = [Run(10.0, 500.0), Run(30.0, 700.4), Run(12.0, 600.0)]
    assert result_of(runs, {"a": 3, "b": 4}) == {
        "runs": 3,
        "stacks": 2,
        "resources": 7,
        "median_seconds": 12.0,
        "max_seconds": 30.0,
        "peak_mib": 700,
    }
