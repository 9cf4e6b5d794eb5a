"""One fault, and what is recorded when it was caused under load."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.faults.alarm import Alarm, unnamed
from tests.faults.scene import Scene
from tests.faults.traffic import TIMEOUT_SECONDS, WRONG, Traffic

POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Fault:
    """Something that breaks; `cause` may leave what `undo` needs in the scene's files or the cluster, not in memory."""

    name: str
    cause: Callable[[Scene], None]
    words: str = ""
    """Pattern of the line of `status` that names the cause, while it lasts or after it."""
    seen: Callable[[Scene], bool] = field(default=lambda scene: True)
    """Whether the fault has had its effect and what it took is back, or as gone as it will be."""
    undo: Callable[[Scene], None] = field(default=lambda scene: None)
    after: str = ""
    """Pattern of a line of `status` when all is mended again."""
    may_fail: bool = False
    """It takes the only replica of something that requests pass: those of the moment have nowhere to go."""
    within_seconds: float = 90.0
    alarm: Alarm | None = None
    """The alert that names the cause; None where nobody watches: no Prometheus, or a new one that knows of nothing."""
    alarm_is_awaited: bool = True
    """Whether it must be there before the next fault; else whoever causes several asks once (`alarm.unnamed`)."""


@dataclass(frozen=True)
class Outcome:
    """What came of a fault."""

    fault: str
    good_again_seconds: float
    """From the cause to the first good answer of every endpoint after which none failed."""
    sound_again_seconds: float
    """From the cause until `status` had nothing to say against any process and workload."""
    answered: int
    failed: int
    wrong: int
    reasons: dict[str, int]
    """Failed requests by their reason."""
    named_by: str
    """The line of `status` that named the cause."""
    broken: tuple[str, ...]
    """What was expected and did not come; empty when all is as it should be."""

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def inject(fault: Fault, scene: Scene, traffic: Traffic) -> Outcome:
    """Cause a fault, see it named and healed, and count what the load saw of it."""
    mark, started, since = traffic.mark(), time.monotonic(), time.time()
    broken: list[str] = []
    named = ""
    try:
        broken += _complaints(fault.cause, scene)

        def seen() -> bool:
            nonlocal named
            named = named or line_of(fault.words, scene)
            return bool(named or not fault.words) and fault.seen(scene)

        if not _until(seen, fault.within_seconds):
            broken.append(f"not seen within {fault.within_seconds:g} s: {fault.words or 'its effect'}")
    finally:
        broken += _complaints(fault.undo, scene)
    after = traffic.mark()
    if not _until(lambda: traffic.good_since(after, 2), fault.within_seconds):
        broken.append(f"no good answers within {fault.within_seconds:g} s after it")
    if not _until(lambda: not scene.unsound(), fault.within_seconds):
        broken.append(f"not sound within {fault.within_seconds:g} s: {'; '.join(scene.unsound())}")
    if fault.after and not _until(lambda: bool(line_of(fault.after, scene)), fault.within_seconds):
        broken.append(f"`status` does not say afterwards: {fault.after}")
    sound_seconds = time.monotonic() - started
    if fault.alarm and fault.alarm_is_awaited:
        broken += unnamed([(fault.name, fault.alarm)], scene, since)
    _until(lambda: traffic.settled(after), TIMEOUT_SECONDS + POLL_SECONDS)
    return judged(fault, traffic, mark, named, sound_seconds, broken)


def judged(
    fault: Fault, traffic: Traffic, mark: list[float], named: str, sound_seconds: float, broken: list[str]
) -> Outcome:
    """Count the requests since the mark and say what is not as it should be."""
    by_stream = traffic.since(mark)
    samples = [sample for sent in by_stream for sample in sent]
    bad = [sample for sample in samples if sample.error]
    wrong = [sample for sample in bad if sample.error.startswith(WRONG)]
    reasons: dict[str, int] = {}
    for sample in bad:
        reasons[sample.error] = reasons.get(sample.error, 0) + 1
    if wrong:
        broken.append(f"{len(wrong)} wrong answers: {wrong[0].error}")
    if len(bad) > len(wrong) and not fault.may_fail:
        broken.append(f"{len(bad) - len(wrong)} requests failed: {reasons}")
    good_again = 0.0
    for sent, start in zip(by_stream, mark, strict=True):
        last_bad = max((sample.sent_seconds for sample in sent if sample.error), default=start)
        good = [s.done_seconds - start for s in sent if not s.error and s.sent_seconds >= last_bad]
        good_again = max(good_again, min(good, default=float("inf")))
    return Outcome(
        fault.name, round(good_again, 1), round(sound_seconds, 1), len(samples) - len(bad), len(bad) - len(wrong),
        len(wrong), reasons, named, tuple(broken),
    )  # fmt: skip


def line_of(words: str, scene: Scene) -> str:
    """The first line of `status` that matches."""
    if not words:
        return ""
    return next((line for line in scene.status_words() if re.search(words, line)), "")


def _complaints(act: Callable[[Scene], None], scene: Scene) -> list[str]:
    """What an act found not to be as it must; the rest of the fault goes on, so that the cluster is whole again."""
    try:
        act(scene)
    except AssertionError as wrong:
        return [str(wrong)]
    return []


def _until(question: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if question():
                return True
        except Exception:  # noqa: S110 - whatever is asked may be what the fault took away; it is asked again
            pass
        time.sleep(POLL_SECONDS)
    return False
