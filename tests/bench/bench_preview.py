"""How long `preview` of all stacks takes with the network cut off, and how much memory all its processes have at once.

    python -m tests.bench.bench_preview            writes tests/bench/results/preview.json

Each run is a command of its own, as a pull request has it. Memory is what the processes of the command hold together,
what they share counted once (PSS), looked at a few times a second: a peak between two looks is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc.config.stacks import PROJECT_ROOT
from tests.bench.result_file import RESULTS, with_arguments, write_result

COMMAND = "python -m tests.bench.bench_preview"
WITHOUT_NETWORK = ("unshare", "--net", "--map-root-user")
LOOK_SECONDS = 0.25
_SESSION = 3
"""Place of the session in /proc/PID/stat behind the name, which ends with the last parenthesis."""
_KIB_A_MIB = 1024


@dataclass(frozen=True)
class Run:
    """One command."""

    seconds: float
    peak_mib: float


def watched(command: Sequence[str]) -> Run:
    """Run a command in a session of its own and look at the memory of that.

    Raises:
        subprocess.CalledProcessError: it ended with another code than 0.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=log, stderr=log, start_new_session=True)
        peak_mib = 0.0
        while process.poll() is None:
            peak_mib = max(peak_mib, sum(pss_mib(pid) for pid in of_session(process.pid)))
            time.sleep(LOOK_SECONDS)
        seconds = time.monotonic() - started
        if process.returncode:
            log.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, log.read())
    return Run(seconds, peak_mib)


def of_session(session: int) -> Iterator[int]:
    """Processes of a session, as far as they are still there."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            behind_the_name = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(behind_the_name[_SESSION]) == session:
            yield int(folder.name)


def pss_mib(pid: int) -> float:
    """Memory of a process, with its share of what others have, too; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0) / _KIB_A_MIB


def measured(runs: int) -> dict[str, Any]:
    """Preview all stacks so many times."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "preview.json"
        preview = [sys.executable, "-m", "scripts", "preview", "--format", "json", "--out", str(out)]
        found = [watched([*WITHOUT_NETWORK, *preview]) for _ in range(runs)]
        stacks = json.loads(out.read_text())["stacks"]
    return result_of(found, {stack["stack"]: stack["counts"]["resources"] for stack in stacks})


def result_of(runs: Sequence[Run], resources: dict[str, int]) -> dict[str, Any]:
    """The middle and the worst of all runs."""
    return {
        "runs": len(runs),
        "stacks": len(resources),
        "resources": sum(resources.values()),
        "median_seconds": round(statistics.median(run.seconds for run in runs), 2),
        "max_seconds": round(max(run.seconds for run in runs), 2),
        "peak_mib": round(max(run.peak_mib for run in runs)),
    }


def main(arguments: Sequence[str]) -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5, help="how many commands")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    asked = parser.parse_args(arguments)
    write_result("preview", with_arguments(COMMAND, arguments), measured(asked.runs), asked.out)


if __name__ == "__main__":
    main(sys.argv[1:])
