"""Times of batches, as Triton counts them, and of requests at once, on a server that does nothing else."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import httpx
import tritonclient.grpc.aio as triton_grpc_aio  # type: ignore[import-untyped,unused-ignore]

from scripts.load.mix import Request
from tests.bench.bare_triton import BareTriton
from tests.bench.served_model import Asked, batching_of, grpc_inputs

SIZES = (1, 2, 4, 8, 16, 32)
FEWEST = 8
"""Repetitions of a size, however long they take."""
WARMUPS = 3
SHARE_OF_LOAD = 0.25
"""Seconds of a size for each second of a load."""
NS = 1e9
PARTS = ("compute_input", "compute_infer", "compute_output")

Ask = Callable[[int], Awaitable[None]]


@dataclass
class Batches:
    """What was measured, over all rounds."""

    ms: dict[int, list[float]] = field(default_factory=dict)
    """By the size of the batch."""
    bursts_ms: dict[int, list[float]] = field(default_factory=dict)
    around_ms: list[float] = field(default_factory=list)
    """Of a lone request: its latency without its waiting and its batch."""
    handling_ms: list[float] = field(default_factory=list)
    """Of a lone request: the server's processor time without its batch; below 0 where the batch waited for others."""
    client_ms: list[float] = field(default_factory=list)
    """Of requests at once: this client's processor time, for each."""
    parted: int = 0
    """Requests at once that Triton did not put into one batch, though they fit one: not used."""

    def facts(self) -> dict[str, Any]:
        """As it is kept."""
        around_ms, handling_ms = max(0.0, median(self.around_ms)), max(0.0, median(self.handling_ms))
        client_ms = min(median(self.client_ms), around_ms)
        handling_ms = min(handling_ms, around_ms - client_ms)
        return {
            "handling_ms": round(handling_ms, 3),
            "client_ms": round(client_ms, 3),
            "outside_ms": round(around_ms - client_ms - handling_ms, 3),
            "batches": [
                {"batch": size, "median_ms": round(median(ms), 3), "ms": sorted(round(one, 3) for one in ms)}
                for size, ms in sorted(self.ms.items())
            ],
            "bursts": [
                {"requests": size, "ms": round(median(ms), 3), "repetitions": len(ms)}
                for size, ms in sorted(self.bursts_ms.items())
            ],
            "not_in_one_batch": self.parted,
        }


@dataclass(frozen=True)
class Counted:
    """Statistics of a model at one moment."""

    batches: dict[int, tuple[int, int]]
    """Size -> batches of it, and nanoseconds that they took."""
    waited_ns: int

    @classmethod
    def of(cls, answer: Any) -> Counted:
        """From what Triton says under /v2/models/MODEL/stats."""
        stats = answer["model_stats"][0]
        found = {
            int(one["batch_size"]): (one["compute_infer"]["count"], sum(one[part]["ns"] for part in PARTS))
            for one in stats.get("batch_stats", [])
        }
        return cls(found, stats["inference_stats"]["queue"]["ns"])

    def one_batch_ms(self, before: Counted, size: int) -> float | None:
        """Of the only batch since, when it has that size."""
        last, first = (one.batches.get(size, (0, 0)) for one in (self, before))
        others = sum(count for count, _ in self.batches.values()) - sum(count for count, _ in before.batches.values())
        return 1000 * (last[1] - first[1]) / NS if others == last[0] - first[0] == 1 else None


@dataclass(frozen=True)
class Session:
    """Connections to a server, and what is asked over them."""

    kept: Batches
    asked: Asked
    server: BareTriton
    client: Any
    reader: httpx.AsyncClient
    requests: Iterator[Request]
    together: bool
    """Whether Triton makes a batch of requests; else a batch is one request of several rows."""

    async def infer(self, rows: list[Request]) -> None:
        """One request."""
        await self.client.infer(self.asked.model, grpc_inputs(self.asked.tensors(rows)))

    async def counted(self) -> Counted:
        """What Triton has counted so far."""
        return Counted.of(
            (await self.reader.get(f"http://{self.server.http}/v2/models/{self.asked.model}/stats")).json()
        )

    async def at_once(self, size: int) -> float:
        """So many requests; milliseconds to the last answer."""
        rows = list(itertools.islice(self.requests, size))
        started = time.monotonic()
        await asyncio.gather(*(self.infer([one]) for one in rows))
        return 1000 * (time.monotonic() - started)

    async def batch(self, size: int) -> None:
        """One batch, by Triton's count."""
        before = await self.counted()
        used, started = self.server.used_seconds(), time.monotonic()
        await (self.at_once(size) if self.together else self.infer(list(itertools.islice(self.requests, size))))
        took_ms, used_ms = 1000 * (time.monotonic() - started), 1000 * (self.server.used_seconds() - used)
        after = await self.counted()
        computed_ms = after.one_batch_ms(before, size)
        if computed_ms is None:
            self.kept.parted += 1
            return
        self.kept.ms.setdefault(size, []).append(computed_ms)
        if size == 1:
            self.kept.around_ms.append(took_ms - computed_ms - (after.waited_ns - before.waited_ns) / 1e6)
            self.kept.handling_ms.append(used_ms - computed_ms)

    async def burst(self, size: int) -> None:
        """So many requests, however Triton parts them, and what they cost this client."""
        used = time.process_time()
        self.kept.bursts_ms.setdefault(size, []).append(await self.at_once(size))
        self.kept.client_ms.append(1000 * (time.process_time() - used) / size)


async def measure_batches(kept: Batches, asked: Asked, server: BareTriton, load_seconds: float) -> None:
    """Each size for a share of a load's seconds: as one batch where it fits one, and as requests at once."""
    batching, requests = batching_of(asked.model), asked.lengths.requests(0)
    async with triton_grpc_aio.InferenceServerClient(server.grpc) as client, httpx.AsyncClient(timeout=10) as reader:
        session = Session(kept, asked, server, client, reader, requests, batching.dynamic)
        for _ in range(WARMUPS):
            await session.at_once(SIZES[-1])
        for size in SIZES:
            for ask in (session.batch, session.burst) if size <= batching.max_batch_size else (session.burst,):
                await repeated(ask, size, SHARE_OF_LOAD * load_seconds)


async def repeated(ask: Ask, size: int, seconds: float) -> None:
    """For so long, and at least a few times."""
    until = time.monotonic() + seconds
    for number in itertools.count():
        if number >= FEWEST and time.monotonic() >= until:
            return
        await ask(size)
