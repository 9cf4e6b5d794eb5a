"""Runs for tests: settings that are right, samples by formula, and an event loop whose time passes at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from scripts.load.mix import Mix, Request, fixed_mix
from scripts.load.run_file import Run, Sample
from scripts.load.runner import measure
from scripts.load.settings import LoadSettings

Result = TypeVar("Result")
MIX: Mix = fixed_mix(8, 4, None)


def settings(**changed: Any) -> LoadSettings:
    """An open loop, 10 requests a second for 10 s without a warm-up."""
    given = {
        "model": "gpt", "host": "gpt.test", "address": "127.0.0.1:1", "protocol": "grpc", "mode": "open", "rps": 10.0,
        "concurrency": None, "arrivals": "constant", "seconds": 10.0, "warmup_seconds": 0.0, "timeout_seconds": 5.0,
        "drain_seconds": 5.0, "seed": 1, "mix": MIX.facts,
    }  # fmt: skip
    return LoadSettings.model_validate({**given, **changed})


def closed(concurrency: int, **changed: Any) -> LoadSettings:
    return settings(mode="closed", rps=None, concurrency=concurrency, **changed)


def sample(intended: float, latency_ms: float, error: str = "", tokens: int = 4) -> Sample:
    return Sample(intended, intended, intended + latency_ms / 1000, 8, 0 if error else tokens, error)


def run_of(samples: Iterable[Sample], **changed: Any) -> Run:
    made = settings(**changed)
    return Run(
        settings=made,
        command="python -m scripts load gpt",
        started_utc="2026-01-01T00:00:00+00:00",
        elapsed_seconds=made.seconds,
        client_cpu_percent=5.0,
        interrupted=False,
        samples=tuple(samples),
    )


class _Jump(selectors.DefaultSelector):
    """Never waits: time jumps by what it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "every task waits for another: nothing will ever happen"
            self.now += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own."""

    def __init__(self) -> None:
        self.jump = _Jump()
        super().__init__(self.jump)

    def time(self) -> float:
        return self.jump.now

    def block(self, seconds: float) -> None:
        """What a computation of that length does to everything else in the loop."""
        self.jump.now += seconds


def virtual(coroutine: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


def virtual_loop() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


def served(wanted: LoadSettings, seconds_of: Callable[[float], float]) -> Run:
    """A run against a server that answers a request of time t after seconds_of(t)."""

    async def go() -> Run:
        started = virtual_loop().time()

        async def send(request: Request) -> int:
            await asyncio.sleep(seconds_of(virtual_loop().time() - started))
            return request.max_tokens

        return await measure(wanted, MIX, "", send)

    return virtual(go())
