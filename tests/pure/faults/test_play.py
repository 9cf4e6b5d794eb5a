"""In which order faults are caused, and when it is asked what the alerts named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from tests.faults import play as module
from tests.faults.fault import Fault, Outcome
from tests.faults.library import FAULTS, KILLS, OTHERS
from tests.faults.play import play
from tests.faults.scene import Scene


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was done, in order; a fault named after Triton does not heal."""
    done: list[str] = []

    def inject(fault: Fault, scene: object, traffic: object) -> Outcome:
        done.append(fault.name)
        broken = ("not sound",) if fault is OTHERS[1] else ()
        return Outcome(fault.name, 0.1, 0.2, 9, 0, 0, {}, "", broken)

    def unnamed(names: list[str], scene: object, since: float) -> list[str]:
        done.append(f"alerts of {len(names)}")
        return [f"{names[0]}: named by no alert"]

    class FakeScene:
        def targets(self) -> list[object]:
            return []

    monkeypatch.setattr(module, "inject", inject)
    monkeypatch.setattr(module, "kills_unnamed", unnamed)
    monkeypatch.setattr(Scene, "watched", FakeScene)
    monkeypatch.setattr(module, "Traffic", lambda targets: nullcontext())
    yield done


def test_alerts_are_asked_for_once_after_the_last_kill(events: list[str]) -> None:
    heard: list[str] = []
    objections = play(FAULTS, lambda outcome: heard.append(outcome.fault))
    kills, others = [kill.name for kill in KILLS], [other.name for other in OTHERS]
    assert events == [*kills, f"alerts of {len(kills)}", *others]
    assert heard == [*kills, *others]
    assert objections == [f"{kills[0]}: named by no alert", f"{OTHERS[1].name}: not sound"]


def test_without_a_kill_no_alert_of_one_is_asked_for(events: list[str]) -> None:
    assert play(OTHERS[:1], lambda outcome: None) == []
    assert events == [OTHERS[0].name]
