"""How long `make up` takes with a warm cache: from nothing running, and with everything running.

    python -m tests.bench.bench_up            writes tests/bench/results/up.json

A first run, with an empty cache, compiles Kubernetes and takes tens of minutes; it is timed by hand.
"""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

from aigc.config.stacks import PROJECT_ROOT
from tests.bench.result_file import write_result

COMMAND = "python -m tests.bench.bench_up"


def scripts(*arguments: str) -> tuple[float, str]:
    """Run one verb; its wall-clock seconds and its output."""
    started = time.monotonic()
    command = [str(PROJECT_ROOT / ".venv" / "bin" / "python"), "-m", "scripts", *arguments]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    return time.monotonic() - started, done.stdout


def measured() -> dict[str, Any]:
    """One down, one up from down, one up when up."""
    down_seconds, _ = scripts("down", "local")
    from_down_seconds, report = scripts("up", "local", "--format", "json")
    when_up_seconds, again = scripts("up", "local", "--format", "json")
    answer = json.loads(report)["answer"]
    return {
        "down_seconds": round(down_seconds, 1),
        "up_from_down_seconds": round(from_down_seconds, 1),
        "up_when_up_seconds": round(when_up_seconds, 1),
        "ratio_when_up_to_from_down": round(when_up_seconds / from_down_seconds, 3),
        "objects": json.loads(again)["applied"]["unchanged"],
        "cold_start_seconds": round(answer["cold_start_seconds"], 2),
        "warm_ms": round(json.loads(again)["answer"]["warm_ms"]),
    }


def main() -> None:
    """Measure and write the result with what made it."""
    write_result("up", COMMAND, measured())


if __name__ == "__main__":
    main()
