"""One load against a bare Triton: samples of its client, Triton's counts, and who else used the server's core."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import tritonclient.grpc.aio as triton_grpc_aio  # type: ignore[import-untyped,unused-ignore]

from scripts.load.mix import Request
from scripts.load.percentiles import order_statistic
from scripts.load.run_file import Run
from scripts.load.runner import measure
from scripts.load.settings import Arrivals, LoadSettings, Mode
from scripts.load.summary import arrived, latencies_ms, measured
from scripts.model.client import Protocol
from tests.bench.bare_triton import BareTriton
from tests.bench.bench_batching import WARMUP_SHARE
from tests.bench.served_model import Asked, grpc_inputs

IDLE_FIELDS = (3, 4)
"""Of a core's line in /proc/stat: idle, and waiting for a disk."""


@dataclass(frozen=True)
class LoadRun:
    """One round of a load."""

    run: Run
    inferences: int
    executions: int
    others: float
    """Share of the server's cores that others had."""

    @property
    def requests_per_second(self) -> float:
        """Answers in the measured part."""
        return len(arrived(self.run)) / self.window_seconds

    @property
    def window_seconds(self) -> float:
        """After the warm-up."""
        return self.run.elapsed_seconds - self.run.settings.warmup_seconds


@dataclass
class LoadRuns:
    """All rounds of a load."""

    runs: list[LoadRun] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Of all rounds together, and how far apart they are."""
        latencies = [latencies_ms(one.run) for one in self.runs]
        every = np.sort(np.concatenate(latencies))
        p99s = [order_statistic(one, 0.99) for one in latencies]
        rates = [one.requests_per_second for one in self.runs]
        seconds = sum(one.window_seconds for one in self.runs)
        return {
            "rate": round(sum(len(measured(one.run)) for one in self.runs) / seconds, 3),
            "answers": len(every),
            "errors": sum(bool(sample.error) for one in self.runs for sample in one.run.samples),
            "requests_per_second": round(sum(len(arrived(one.run)) for one in self.runs) / seconds, 3),
            "p50_ms": round(order_statistic(every, 0.5), 3),
            "p99_ms": round(order_statistic(every, 0.99), 3),
            "mean_batch": round(sum(one.inferences for one in self.runs) / sum(one.executions for one in self.runs), 3),
            "rounds_requests_per_second": {"low": round(min(rates), 3), "high": round(max(rates), 3)},
            "rounds_p99_ms": {"low": round(min(p99s), 3), "high": round(max(p99s), 3)},
            "core_taken_by_others": round(max(0.0, float(np.mean([one.others for one in self.runs]))), 3),
            "client_cpu_percent": max(one.run.client_cpu_percent for one in self.runs),
        }


def settings_of(
    asked: Asked, grpc: str, seconds: float, seed: int, concurrency: int | None, rate: float | None
) -> LoadSettings:
    """A closed loop, or an open one with arrivals in the manner of Poisson."""
    return LoadSettings(
        model=asked.model,
        host=grpc,
        address=grpc,
        protocol=Protocol.GRPC,
        mode=Mode.OPEN if rate else Mode.CLOSED,
        rps=rate,
        concurrency=concurrency,
        arrivals=Arrivals.POISSON,
        seconds=seconds,
        warmup_seconds=seconds * WARMUP_SHARE,
        timeout_seconds=60,
        drain_seconds=60,
        seed=seed,
        mix=asked.lengths.facts,
    )


async def measure_load(
    kept: LoadRuns,
    asked: Asked,
    server: BareTriton,
    seconds: float,
    seed: int,
    concurrency: int | None = None,
    rate: float | None = None,
) -> None:
    """A closed or an open loop, over one connection."""
    settings = settings_of(asked, server.grpc, seconds, seed, concurrency, rate)
    async with triton_grpc_aio.InferenceServerClient(server.grpc) as client, httpx.AsyncClient(timeout=10) as reader:

        async def send(request: Request) -> int:
            answer = (await client.infer(asked.model, grpc_inputs(asked.tensors([request])))).as_numpy(asked.output)
            return int(answer.shape[-1])

        async def counts() -> tuple[int, int]:
            stats = (await reader.get(f"http://{server.http}/v2/models/{asked.model}/stats")).json()["model_stats"][0]
            return stats["inference_count"], stats["execution_count"]

        await send(next(asked.lengths.requests(seed)))
        before, started = await counts(), Used.now(server)
        run = await measure(settings, asked.lengths, "", send)
        others = Used.now(server).others_since(started)
        if run.interrupted:
            raise KeyboardInterrupt
        after = await counts()
    kept.runs.append(LoadRun(run, after[0] - before[0], after[1] - before[1], others))


@dataclass(frozen=True)
class Used:
    """Seconds at one moment."""

    wall: float
    cores: float
    """In which the server's cores did not idle."""
    server: float
    """Of the processor, by the living processes of the server."""
    count: int
    """Of the server's cores."""

    @classmethod
    def now(cls, server: BareTriton) -> Used:
        """Of a server and its cores."""
        ticks = os.sysconf("SC_CLK_TCK")
        names = {f"cpu{core}" for core in server.cores}
        lines = (line.split() for line in Path("/proc/stat").read_text().splitlines())
        busy = sum(
            sum(int(value) for place, value in enumerate(line[1:9]) if place not in IDLE_FIELDS)
            for line in lines
            if line[0] in names
        )
        return cls(time.monotonic(), busy / ticks, server.used_seconds(), len(server.cores))

    def others_since(self, before: Used) -> float:
        """Share of the server's cores that others had, their kernel included; below 0 is the clocks' rounding."""
        busy, own = self.cores - before.cores, self.server - before.server
        return (busy - own) / (self.wall - before.wall) / self.count
