"""The two loops that send: open, by the clock, and closed, by the answers. Both end, whatever the server does.

Time is that of the running event loop, so that tests can bring a loop whose hours pass at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.load.mix import Request
from scripts.load.run_file import CUT_BY_DRAIN, CUT_BY_INTERRUPT, NOT_SENT, TOO_LATE, Sample
from scripts.load.settings import MAX_IN_FLIGHT, MAX_REQUESTS

Send = Callable[[Request], Awaitable[int]]
"""Sends one request and returns the tokens of its answer, or raises."""
Reason = Callable[[Exception], str]
"""Why a request failed, short enough to count by."""

ERROR_PAUSE_SECONDS = 0.05
"""A closed loop's user waits so long after a failure: a server that refuses at once would otherwise be asked, and the
run's samples be used up, as fast as this client can."""


GRACE_SECONDS = 0.5
"""Requests meant for the last moment of a run may be sent so much after it; later ones are given up."""


@dataclass(frozen=True)
class Limits:
    """When a run stops waiting."""

    seconds: float
    """After so long nothing new is sent."""
    timeout_seconds: float
    drain_seconds: float
    in_flight: int = MAX_IN_FLIGHT
    requests: int = MAX_REQUESTS


@dataclass
class Recorder:
    """Sends requests and keeps what became of them."""

    send: Send
    reason: Reason
    limits: Limits
    started: float
    """Time of the event loop."""
    samples: list[Sample] = field(default_factory=list)
    in_flight: set[asyncio.Task[Any]] = field(default_factory=set)
    cut_reason: str = CUT_BY_DRAIN
    sent_until_seconds: float = 0.0
    """When sending ended: the length of the run, or less after an interrupt."""

    def now(self) -> float:
        """Seconds since the run started."""
        return asyncio.get_running_loop().time() - self.started

    async def ask(self, request: Request, intended_seconds: float | None = None) -> bool:
        """Send one request and wait for what comes of it; False when it failed."""
        sent = self.now()
        intended = sent if intended_seconds is None else intended_seconds
        tokens, error = 0, ""
        try:
            async with asyncio.timeout(self.limits.timeout_seconds):
                tokens = await self.send(request)
        except TimeoutError:
            error = f"no answer within {self.limits.timeout_seconds:g} s"
        except asyncio.CancelledError:
            self.note(request, intended, sent, 0, self.cut_reason)
            raise
        except Exception as broken:  # whatever a transport raises is a failed request, not the end of the run
            error = self.reason(broken)
        self.note(request, intended, sent, tokens, error)
        return not error

    def note(self, request: Request, intended: float, sent: float, tokens: int, error: str) -> None:
        """Keep one sample that ends now."""
        self.samples.append(Sample(intended, sent, self.now(), len(request.prompt), tokens, error))

    def start(self, request: Request, intended_seconds: float) -> None:
        """Send one request and wait for nothing; one too many is counted as an error and not sent."""
        if len(self.in_flight) >= self.limits.in_flight:
            self.note(request, intended_seconds, self.now(), 0, NOT_SENT)
            return
        task = asyncio.create_task(self.ask(request, intended_seconds))
        self.in_flight.add(task)
        task.add_done_callback(self.in_flight.discard)

    async def drain(self, interrupted: bool) -> None:
        """Wait for answers as long as the limits allow, none after an interrupt; the rest is cut and counted."""
        self.sent_until_seconds = min(self.now(), self.limits.seconds)
        if interrupted:
            self.cut_reason = CUT_BY_INTERRUPT
        elif self.in_flight:
            await asyncio.wait(self.in_flight, timeout=self.limits.drain_seconds)
        left = [*self.in_flight]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def open_loop(
    recorder: Recorder, requests: Iterator[Request], intended_seconds: Sequence[float], stop: asyncio.Event
) -> None:
    """Send at the intended times, whatever is still unanswered; returns early when `stop` is set."""
    for intended in intended_seconds:
        request = next(requests)  # made before the wait, so that making it does not delay it
        if await stopped_within(stop, intended - recorder.now()):
            break
        if recorder.now() < recorder.limits.seconds + GRACE_SECONDS:
            recorder.start(request, intended)
        else:
            recorder.note(request, intended, recorder.now(), 0, TOO_LATE)
    else:
        await stopped_within(stop, recorder.limits.seconds - recorder.now())
    await recorder.drain(stop.is_set())


async def closed_loop(recorder: Recorder, requests: Iterator[Request], concurrency: int, stop: asyncio.Event) -> None:
    """Keep `concurrency` requests in flight until the time is over; returns early when `stop` is set."""
    over = False
    asked = 0

    async def user() -> None:
        nonlocal asked
        while not over and asked < recorder.limits.requests and recorder.now() < recorder.limits.seconds:
            asked += 1
            if not await recorder.ask(next(requests)):
                await asyncio.sleep(ERROR_PAUSE_SECONDS)

    for _ in range(concurrency):
        task = asyncio.create_task(user())
        recorder.in_flight.add(task)
        task.add_done_callback(recorder.in_flight.discard)
    await stopped_within(stop, recorder.limits.seconds - recorder.now())
    over = True
    await recorder.drain(stop.is_set())


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or less when the run is to stop; True when it is."""
    if seconds > 0:
        try:
            async with asyncio.timeout(seconds):
                await stop.wait()
        except TimeoutError:
            pass
    else:
        await asyncio.sleep(0)  # late: let answers be read before the next is sent
    return stop.is_set()
