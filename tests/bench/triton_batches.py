"""Times of batches, one after the other and back to back, and of requests at once, on a server with no other work."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any

import httpx
import tritonclient.grpc.aio as triton_grpc_aio  # type: ignore[import-untyped,unused-ignore]

from aigc.plan.parts import BatchingPlan
from scripts.load.mix import Request
from tests.bench.bare_triton import BareTriton
from tests.bench.served_model import Asked, batching_of, grpc_inputs

SIZES = (1, 2, 4, 8, 16, 32)
FEWEST = 8
"""Repetitions of a size, however long they take."""
WARMUPS = 3
SHARE_OF_LOAD = 0.25
"""Seconds of a size for each second of a load."""
BUSY_SHARE = 0.5
"""The same of batches back to back: of those of 40 ms there are 37 in 1.5 s."""
SETTLED_SHARE = 0.25
"""Of those seconds again, before and after what is counted."""
WHOLE = 0.9
"""Share of requests back to back that must be in batches of the size that was asked for."""
NS = 1e9
PARTS = ("compute_input", "compute_infer", "compute_output")

Ask = Callable[[int], Awaitable[None]]


@dataclass
class Batches:
    """What was measured, over all rounds."""

    ms: dict[int, list[float]] = field(default_factory=dict)
    """By the size of the batch."""
    bursts_ms: dict[int, list[float]] = field(default_factory=dict)
    lone_ms: list[float] = field(default_factory=list)
    """Of a lone request: its latency."""
    client_ms: list[float] = field(default_factory=list)
    """Of requests at once: this client's processor time, for each."""
    busy_ms: dict[int, list[float]] = field(default_factory=dict)
    """By the size: the server's processor time for a batch, when it has no rest."""
    parted: int = 0
    """Times that Triton did not put into one batch what fits one: not used."""

    def keep_busy(self, size: int, used_seconds: float, inferences: Mapping[int, int]) -> bool:
        """What was done in some seconds of the processor: a batch's share, where batches had the size asked for."""
        total = sum(inferences.values())
        if inferences.get(size, 0) < WHOLE * total:
            return False
        self.busy_ms.setdefault(size, []).append(1000 * used_seconds * size / total)
        return True

    def facts(self) -> dict[str, Any]:
        """As it is kept: what a lone request takes beyond a busy server's batch and the client is outside."""
        lone_ms, busy_ms = median(self.lone_ms), {size: mean(ms) for size, ms in sorted(self.busy_ms.items())}
        client_ms = min(median(self.client_ms), max(0.0, lone_ms - busy_ms[1]))
        return {
            "client_ms": round(client_ms, 3),
            "outside_ms": round(max(0.0, lone_ms - busy_ms[1] - client_ms), 3),
            "batches": [
                {
                    "batch": size,
                    "busy_ms": round(busy, 3),
                    "median_ms": round(median(self.ms[size]), 3),
                    "ms": sorted(round(one, 3) for one in self.ms[size]),
                }
                for size, busy in busy_ms.items()
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

    @classmethod
    def of(cls, answer: Any) -> Counted:
        """From what Triton says under /v2/models/MODEL/stats."""
        stats = answer["model_stats"][0]
        return cls(
            {
                int(one["batch_size"]): (one["compute_infer"]["count"], sum(one[part]["ns"] for part in PARTS))
                for one in stats.get("batch_stats", [])
            }
        )

    def inferences_since(self, before: Counted) -> dict[int, int]:
        """Requests, or rows of them, by the size of their batch."""
        sizes = self.batches.keys()
        return {size: size * (self.batches[size][0] - before.batches.get(size, (0, 0))[0]) for size in sizes}

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
    batching: BatchingPlan
    """Where it is not dynamic, a batch is one request of several rows."""

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

    async def asked_for(self, size: int) -> None:
        """What makes a batch of that size."""
        await (self.at_once(size) if self.batching.dynamic else self.infer(list(itertools.islice(self.requests, size))))

    async def batch(self, size: int) -> None:
        """One batch, by Triton's count."""
        before, started = await self.counted(), time.monotonic()
        await self.asked_for(size)
        took_ms = 1000 * (time.monotonic() - started)
        computed_ms = (await self.counted()).one_batch_ms(before, size)
        if computed_ms is None:
            self.kept.parted += 1
            return
        self.kept.ms.setdefault(size, []).append(computed_ms)
        if size == 1:
            self.kept.lone_ms.append(took_ms)

    async def busy(self, size: int, seconds: float) -> None:
        """Batches of a server that has no rest, as many groups of requests at once as leave them whole.

        One group more than there are instances has the next batch wait whenever one ends; but Triton joins small ones.
        """
        for groups in range(self.batching.instances + 1, 0, -1):
            used_seconds, inferences = await self.back_to_back(size, groups, seconds)
            if self.kept.keep_busy(size, used_seconds, inferences):
                return
        self.kept.parted += 1

    async def back_to_back(self, size: int, groups: int, seconds: float) -> tuple[float, dict[int, int]]:
        """Each group is asked anew as soon as it is answered whole.

        Returns:
            Seconds of the server's processor time, and what was inferred meanwhile by the size of its batch.
        """
        until = time.monotonic() + (1 + 2 * SETTLED_SHARE) * seconds

        async def again_and_again() -> None:
            while time.monotonic() < until:
                await self.asked_for(size)

        async def counted_between() -> tuple[float, dict[int, int]]:
            await asyncio.sleep(SETTLED_SHARE * seconds)
            before, used = await self.counted(), self.server.used_seconds()
            await asyncio.sleep(seconds)
            after, used_after = await self.counted(), self.server.used_seconds()
            return used_after - used, after.inferences_since(before)

        async with asyncio.TaskGroup() as tasks:
            counting = tasks.create_task(counted_between())
            for _ in range(groups):
                tasks.create_task(again_and_again())
        return counting.result()

    async def burst(self, size: int) -> None:
        """So many requests, however Triton parts them, and what they cost this client."""
        used = time.process_time()
        self.kept.bursts_ms.setdefault(size, []).append(await self.at_once(size))
        self.kept.client_ms.append(1000 * (time.process_time() - used) / size)


async def measure_batches(kept: Batches, asked: Asked, server: BareTriton, load_seconds: float) -> None:
    """Each size for a share of a load's seconds: as one batch where it fits one, and as requests at once."""
    batching, requests = batching_of(asked.model), asked.lengths.requests(0)
    async with triton_grpc_aio.InferenceServerClient(server.grpc) as client, httpx.AsyncClient(timeout=10) as reader:
        session = Session(kept, asked, server, client, reader, requests, batching)
        for _ in range(WARMUPS):
            await session.at_once(SIZES[-1])
        for size in SIZES:
            for ask in (session.batch, session.burst) if size <= batching.max_batch_size else (session.burst,):
                await repeated(ask, size, SHARE_OF_LOAD * load_seconds)
            if size <= batching.max_batch_size:
                await session.busy(size, BUSY_SHARE * load_seconds)


async def repeated(ask: Ask, size: int, seconds: float) -> None:
    """For so long, and at least a few times."""
    until = time.monotonic() + seconds
    for number in itertools.count():
        if number >= FEWEST and time.monotonic() >= until:
            return
        await ask(size)
