"""`down` leaves nothing on the machine, and `up` works again after it. Runs last: it takes the cluster away."""

from __future__ import annotations

import subprocess

import pytest

from aigc.catalog.cache import STATE_DIR
from scripts.local.cluster_api import residue
from tests.live.conftest import make

pytestmark = pytest.mark.live


def test_down_leaves_nothing_and_up_works_again(first_up: subprocess.CompletedProcess[str]) -> None:
    down = make("down")
    assert down.returncode == 0, down.stdout + down.stderr
    assert residue() == []
    assert not STATE_DIR.exists()

    again = make("up")
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
    assert "answer" in again.stdout

    assert make("down").returncode == 0
    assert residue() == []


def test_down_of_nothing_is_fine() -> None:
    down = make("down")
    assert down.returncode == 0, down.stdout + down.stderr
