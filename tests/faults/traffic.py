"""A modest load on every endpoint that goes on while things break, and knows the right answer to each of its prompts.

Decoding is greedy, so an answer that differs from the one known before is a wrong one; no answer is a failed one.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scripts.load.loops import Limits, Recorder, Send, open_loop
from scripts.load.mix import Request, fixed_mix
from scripts.load.run_file import CUT_BY_INTERRUPT, Sample
from scripts.load.senders import Ask, asking
from scripts.load.settings import Arrivals, LoadSettings, Mode
from scripts.model.client import END, GatewayEndpoint, Protocol, infer_text

PROMPTS = ("The package ", "You should never ", "The kernel ", "To install ")
TOKENS_OUT = 8
LONGEST_SECONDS = 3600.0
TIMEOUT_SECONDS = 20.0
"""Longer than a cold start on a busy machine of two cores (seen: up to 9 s)."""
WRONG = "wrong answer"


class WrongAnswerError(Exception):
    """The server said something else than it says."""


@dataclass(frozen=True)
class Target:
    """An endpoint, its model, and how it is asked."""

    name: str
    gateway: GatewayEndpoint
    protocol: Protocol

    def settings(self, rps: float) -> LoadSettings:
        """An open loop by the clock."""
        return LoadSettings(
            model=self.name, host=self.gateway.host, address=self.gateway.address, protocol=self.protocol,
            mode=Mode.OPEN, rps=rps, concurrency=None, arrivals=Arrivals.CONSTANT, seconds=LONGEST_SECONDS,
            warmup_seconds=0, timeout_seconds=TIMEOUT_SECONDS, drain_seconds=TIMEOUT_SECONDS, seed=1,
            mix=fixed_mix(1, TOKENS_OUT, None).facts,
        )  # fmt: skip

    def known(self, tokens: int) -> dict[str, str]:
        """The answer to every prompt, asked now; they must differ, or a stuck model would pass."""
        answers = {
            prompt: infer_text(self.gateway, self.name, prompt, tokens, self.protocol).text for prompt in PROMPTS
        }
        assert len(set(answers.values())) > 1, f"{self.name} answers everything alike: {answers}"
        return answers


@dataclass
class Stream:
    """The requests to one target, from start to stop."""

    target: Target
    known: Mapping[str, str]
    rps: float
    tokens: int
    recorder: Recorder | None = None
    failure: Exception | None = None
    _stop: asyncio.Event | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _started: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    monotonic_start: float = 0.0

    def start(self) -> None:
        """Begin in a thread of its own; returns when the connections are open."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name=f"load {self.target.name}")
        self._thread.start()
        self._started.wait()
        if self.failure is not None:
            raise self.failure

    def stop(self) -> list[Sample]:
        """End it; what is unanswered then is not counted."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join()
        return self.samples()

    def samples(self) -> list[Sample]:
        """What became of the requests so far."""
        kept = list(self.recorder.samples) if self.recorder else []
        return [sample for sample in kept if sample.error != CUT_BY_INTERRUPT]

    def now(self) -> float:
        """Seconds on the clock of the samples."""
        return time.monotonic() - self.monotonic_start

    async def _run(self) -> None:
        try:
            async with asking(self.target.settings(self.rps)) as ask:
                self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
                limits = Limits(LONGEST_SECONDS, TIMEOUT_SECONDS, TIMEOUT_SECONDS)
                self.recorder = Recorder(checked(ask, self.known), reason_of, limits, self._loop.time())
                self.monotonic_start = time.monotonic()
                self._started.set()
                times = [turn / self.rps for turn in range(int(LONGEST_SECONDS * self.rps))]
                await open_loop(self.recorder, prompts(self.tokens), times, self._stop)
        except Exception as broken:  # told to whoever started it
            self.failure = broken
        finally:
            self._started.set()


def prompts(tokens: int) -> Iterator[Request]:
    """The same few prompts again and again."""
    return (Request(prompt, tokens) for prompt in itertools.cycle(PROMPTS))


def checked(ask: Ask, known: Mapping[str, str]) -> Send:
    """A sender that takes an answer only when it is the known one."""

    async def send(request: Request) -> int:
        tokens = (await ask(request)).reshape(-1)
        text = bytes(int(token) for token in tokens if token < END).decode(errors="replace")
        if text != known[request.prompt]:
            raise WrongAnswerError(f"{request.prompt!r} -> {text!r}, not {known[request.prompt]!r}")
        return len(tokens)

    return send


def reason_of(broken: Exception) -> str:
    """Short, and a wrong answer told from none."""
    if isinstance(broken, WrongAnswerError):
        return f"{WRONG}: {broken}"
    return f"{type(broken).__name__}: {broken}"[:160]


class Traffic:
    """The streams to all targets, as a context."""

    def __init__(self, targets: list[Target], rps: float = 2.0, tokens: int = TOKENS_OUT) -> None:
        self._targets, self._rps, self._tokens = targets, rps, tokens
        self.streams: list[Stream] = []

    def __enter__(self) -> Traffic:
        for target in self._targets:
            self.streams.append(Stream(target, target.known(self._tokens), self._rps, self._tokens))
            self.streams[-1].start()
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self.streams:
            stream.stop()

    def mark(self) -> list[float]:
        """Now, on the clock of each stream."""
        return [stream.now() for stream in self.streams]

    def since(self, mark: list[float]) -> list[list[Sample]]:
        """Requests that ended since then, by stream: those that were under way at that moment, too."""
        return [
            [sample for sample in stream.samples() if sample.done_seconds >= start]
            for stream, start in zip(self.streams, mark, strict=True)
        ]

    def good_since(self, mark: list[float], count: int = 1) -> bool:
        """Whether every endpoint has answered so many requests well that were sent since then."""
        return all(
            sum(1 for sample in ended if not sample.error and sample.sent_seconds >= start) >= count
            for ended, start in zip(self.since(mark), mark, strict=True)
        )

    def settled(self, mark: list[float]) -> bool:
        """Whether every request that was meant to be sent before then has ended, one way or the other."""
        return all(
            sum(1 for sample in stream.samples() if sample.intended_seconds < start) >= int(start * self._rps)
            for stream, start in zip(self.streams, mark, strict=True)
        )
