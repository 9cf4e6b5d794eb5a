"""Every fault of the library, each once, under one load: no wrong answer, recovery, and a line that names the cause.

`python -m tests.faults NAME` causes one by hand; `make soak PART=faults` all of them three times.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.faults.fault import Fault, inject
from tests.faults.library import FAULTS
from tests.faults.scene import Scene
from tests.faults.traffic import Traffic

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def scene(first_up: subprocess.CompletedProcess[str]) -> Scene:
    return Scene.connect()


@pytest.fixture(scope="module")
def traffic(scene: Scene) -> Iterator[Traffic]:
    with Traffic(scene.targets()) as load:
        yield load


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_it_heals_and_is_named(fault: Fault, scene: Scene, traffic: Traffic) -> None:
    outcome = inject(fault, scene, traffic)
    assert outcome.broken == (), str(outcome)  # whole: pytest would shorten it
    assert outcome.answered > 0
