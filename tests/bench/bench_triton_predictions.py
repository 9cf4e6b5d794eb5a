"""Real Triton on this machine against what the planner predicts of it, from the times of its batches alone.

    python -m tests.bench.bench_triton_predictions      writes tests/bench/results/triton_predictions.json
    python -m tests.bench.bench_triton_predictions --again      predicts anew what that file holds, and measures nothing

Each model that answers single requests is served as the plan has it, all threads bound to one core, this client to the
other, without a cluster. First batches of each size on a server that does nothing else: they are all that predictions
know. Then closed loops, and open ones at shares of what the closed loop with most users reached. Rounds repeat all of
it. `gpt_stream` is not asked: it answers a stream, which the load's client does not time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aigc.config.json_file import json_document
from aigc.plan.ledger.serving_file import MEASURED_BY, ServingFile, read_serving
from aigc.plan.ledger.serving_report import as_json
from aigc.plan.validation import plan_of
from scripts.processor import cpu_name
from scripts.stacks import LOCAL_STACK
from tests.bench.bare_triton import BareTriton, bare_triton
from tests.bench.bench_batching import cores
from tests.bench.result_file import RESULTS, made_by, with_arguments, write_result
from tests.bench.served_model import MODELS, Asked, batching_of
from tests.bench.triton_batches import Batches, measure_batches
from tests.bench.triton_loads import LoadRuns, measure_load

COMMAND = "python -m tests.bench.bench_triton_predictions"
CONCURRENCIES = (1, 2, 4, 8, 16, 32)
SHARES = (0.3, 0.5, 0.7, 0.85)
"""Of the saturated throughput, as rates of an open loop."""
NAME = "triton_predictions"
OPEN_FACTOR = 3
"""An open loop lasts so many times as long: it has fewer answers, and its p99 asks for as many."""
SEED = 30


class Measured:
    """Everything of one model, over all rounds."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.batches = Batches()
        self.loads: dict[tuple[str, float], LoadRuns] = {}

    async def round(self, server: BareTriton, seconds: float, number: int) -> None:
        """Batches, then every load, on a server that is ready."""
        await measure_batches(self.batches, self.asked, server, seconds)
        for concurrency in CONCURRENCIES:
            runs = self.loads.setdefault(("concurrency", concurrency), LoadRuns())
            await measure_load(runs, self.asked, server, seconds, SEED + number, concurrency=concurrency)
        most = self.loads["concurrency", CONCURRENCIES[-1]].facts()["requests_per_second"]
        for share in SHARES:
            runs = self.loads.setdefault(("share", share), LoadRuns())
            await measure_load(runs, self.asked, server, OPEN_FACTOR * seconds, SEED + number, rate=share * most)

    def facts(self) -> dict[str, Any]:
        """As it is kept."""
        loads = []
        for (kind, value), runs in self.loads.items():
            facts = {"concurrency": None, "share_of_saturated": None, **runs.facts()}
            if kind == "concurrency":
                loads.append({**facts, "concurrency": int(value), "rate": None})
            else:
                loads.append({**facts, "share_of_saturated": value})
        return {
            "model": self.asked.model,
            "request": self.asked.request.model_dump(exclude_defaults=True),
            "batching": batching_of(self.asked.model).model_dump(),
            **self.batches.facts(),
            "loads": loads,
        }


def measure_all(models: Sequence[str], seconds: float, rounds: int) -> list[dict[str, Any]]:
    """Every model, a server at a time."""
    plan = plan_of(LOCAL_STACK)
    found = {asked.model: Measured(asked) for asked in MODELS if asked.model in models}
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the server ends and its folder goes
    client, other = cores()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, client)
    try:
        for number in range(rounds):
            for endpoint in plan.endpoints:
                here = [one for one in found.values() if one.asked.endpoint == endpoint.models[0]]
                if not here:
                    continue
                with bare_triton(endpoint, other) as server:
                    for one in here:
                        asyncio.run(one.round(server, seconds, number))
    finally:
        os.sched_setaffinity(0, before)
    return [one.facts() for one in found.values()]


def predicted_again(folder: Path) -> None:
    """What the planner says now of what was measured then."""
    path = folder / f"{NAME}.json"
    kept = json_document(path, MEASURED_BY)
    path.write_text(json.dumps({**kept, "predicted": as_json(read_serving(path))}, indent=2) + "\n")


def main(arguments: Sequence[str]) -> None:
    """Measure, predict and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    every = [one.model for one in MODELS]
    parser.add_argument("--models", nargs="+", choices=every, default=every)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3.0, help="of a closed loop; an open one lasts longer")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    parser.add_argument("--again", action="store_true", help="predict anew what was measured")
    asked = parser.parse_args(arguments)
    if asked.again:
        predicted_again(asked.out)
        return
    command = with_arguments(COMMAND, arguments)
    client, other = cores()
    measured = {
        "cpu": cpu_name(),
        "pinned": {"client_cores": sorted(client), "server_cores": sorted(other)},
        "server_cores": len(other),
        "rounds": asked.rounds,
        "seconds": asked.seconds,
        "models": measure_all(asked.models, asked.seconds, asked.rounds),
    }
    predicted = as_json(ServingFile.model_validate({**made_by(command), **measured}))
    write_result(NAME, command, {**measured, "predicted": predicted}, asked.out)


if __name__ == "__main__":
    main(sys.argv[1:])
