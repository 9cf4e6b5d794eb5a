"""Every fault of the library, each once, under one load: no wrong answer, recovery, and a line of
`status` and an alert that name the cause.

`python -m tests.faults NAME` causes one by hand; `make soak PART=faults` all of them three times.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.faults.fault import Fault, inject
from tests.faults.library import KILLS, OTHERS, kills_unnamed
from tests.faults.scene import Scene
from tests.faults.traffic import Traffic

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def scene(first_up: subprocess.CompletedProcess[str]) -> Scene:
    return Scene.watched()


@pytest.fixture(scope="module")
def traffic(scene: Scene) -> Iterator[Traffic]:
    with Traffic(scene.targets()) as load:
        yield load


@pytest.fixture(scope="module")
def killed() -> dict[str, float]:
    """Every kill that was caused, and the Unix time of it."""
    return {}


@pytest.mark.parametrize("fault", KILLS, ids=lambda fault: fault.name)
def test_a_kill_heals_and_is_named(fault: Fault, scene: Scene, traffic: Traffic, killed: dict[str, float]) -> None:
    killed[fault.name] = time.time()
    check(fault, scene, traffic)


def test_an_alert_named_everything_that_was_killed(scene: Scene, killed: dict[str, float]) -> None:
    """After all of them, for none is waited for; before those that make a new Prometheus, without this one's memory."""
    if not killed:
        pytest.skip("no kill was asked for before this")
    assert kills_unnamed(killed, scene, min(killed.values())) == []


@pytest.mark.parametrize("fault", OTHERS, ids=lambda fault: fault.name)
def test_it_heals_and_is_named(fault: Fault, scene: Scene, traffic: Traffic) -> None:
    check(fault, scene, traffic)


def check(fault: Fault, scene: Scene, traffic: Traffic) -> None:
    outcome = inject(fault, scene, traffic)
    assert outcome.broken == (), str(outcome)  # whole: pytest would shorten it
    assert outcome.answered > 0
