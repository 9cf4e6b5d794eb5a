"""One run from settings to samples: connects, runs the loop, and lets ctrl-C end it early instead of losing it."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from aigc.catalog.faults import fail
from scripts.load.arrivals import intended_seconds
from scripts.load.loops import Limits, Recorder, Send, closed_loop, open_loop
from scripts.load.mix import Mix
from scripts.load.run_file import Run
from scripts.load.settings import LoadSettings, Mode
from scripts.model.client_faults import Call, in_words

LONGEST_REASON = 160
"""Characters of a failure's reason; servers put addresses and whole pages into them."""
MAX_REASONS = 20
OTHER_REASON = "other reasons"


def run_load(settings: LoadSettings, mix: Mix, command: str) -> Run:
    """Send the load and return what was measured, also after ctrl-C.

    Raises:
        UserError: the model did not answer the one request that is sent before the clock starts.
    """
    return asyncio.run(_connect_and_run(settings, mix, command))


async def _connect_and_run(settings: LoadSettings, mix: Mix, command: str) -> Run:
    from scripts.load import senders  # noqa: PLC0415 - tritonclient takes 0.5 s to import, a refused command needs it not
    from scripts.model.transport import FAILURES  # noqa: PLC0415

    call = Call(settings.host, settings.address, settings.model, senders.FIRST_ANSWER_SECONDS)
    started = False
    try:
        async with senders.connected(settings) as send:
            started = True
            return await measure(settings, mix, command, send)
    except FAILURES as broken:
        if started:
            raise fail("the connections", f"could not be closed: {broken}", "run the same command again") from broken
        raise in_words(call, broken) from broken


async def measure(settings: LoadSettings, mix: Mix, command: str, send: Send) -> Run:
    """Run the loop with a sender that is ready."""
    stop = asyncio.Event()
    call = Call(settings.host, settings.address, settings.model, settings.timeout_seconds)
    limits = Limits(settings.seconds, settings.timeout_seconds, settings.drain_seconds)
    requests = mix.requests(settings.seed)
    meant = intended_seconds(settings.rps, settings.seconds, settings.arrivals, settings.seed) if settings.rps else ()
    started_utc, cpu = datetime.now(UTC).isoformat(timespec="seconds"), time.process_time()
    wall = time.monotonic()
    recorder = Recorder(send, Reasons(call).of, limits, asyncio.get_running_loop().time())
    with interrupts_set(stop):
        if settings.mode is Mode.OPEN:
            await open_loop(recorder, requests, [float(t) for t in meant], stop)
        else:
            await closed_loop(recorder, requests, settings.concurrency or 1, stop)
    return Run(
        settings=settings,
        command=command,
        started_utc=started_utc,
        elapsed_seconds=recorder.sent_until_seconds,
        client_cpu_percent=round(100 * (time.process_time() - cpu) / max(time.monotonic() - wall, 1e-9), 1),
        interrupted=stop.is_set(),
        samples=tuple(sorted(recorder.samples, key=lambda sample: sample.intended_seconds)),
    )


class Reasons:
    """Failures in words short and few enough to be counted by."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._known: set[str] = set()

    def of(self, broken: Exception) -> str:
        """The reason of one failure."""
        reason = in_words(self._call, broken).faults[0].problem[:LONGEST_REASON]
        if reason not in self._known and len(self._known) >= MAX_REASONS:
            return OTHER_REASON
        self._known.add(reason)
        return reason


@contextmanager
def interrupts_set(stop: asyncio.Event) -> Iterator[None]:
    """ctrl-C and SIGTERM set `stop` while this lasts; a second one is as hard as ever."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def interrupt(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)
        signal.signal(number, before[number])

    try:
        for number in before:
            loop.add_signal_handler(number, interrupt, number)
    except (ValueError, RuntimeError):  # not the main thread, where no signal arrives
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
