"""`up` fills the cluster again, and `down` leaves nothing on the machine. Runs last: it takes the cluster away.

That `up` works again after a `down` is seen where `up` is interrupted, and after a loss of power.
"""

from __future__ import annotations

import socket

import pytest

from aigc.catalog.cache import STATE_DIR
from scripts.local.cluster_api import residue
from tests.live.conftest import make
from tests.soak.snapshot import Facts, differences, snapshot

pytestmark = pytest.mark.live


def test_down_leaves_the_host_as_it_was_before_up(host_while_down: Facts) -> None:
    up = make("up")
    assert up.returncode == 0, up.stdout[-3000:] + up.stderr[-3000:]
    assert "answer" in up.stdout and "cold start" in up.stdout
    assert "created, 0 changed" in up.stdout, "it was not empty before, whether destroyed or down"

    assert make("down").returncode == 0
    assert residue() == []
    assert not STATE_DIR.exists()
    assert differences(host_while_down, snapshot()) == []


@pytest.mark.parametrize("port", [16443, 12379])
def test_a_port_in_use_is_named_before_anything_is_made(port: int) -> None:
    with socket.socket() as somebody:
        somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        somebody.bind(("127.0.0.1" if port == 12379 else "0.0.0.0", port))  # noqa: S104 - closed at once
        somebody.listen()
        up = make("up")
    assert up.returncode != 0
    assert str(port) in up.stderr
    assert "→" in up.stderr
    assert "Traceback" not in up.stderr
    assert residue() == []


def test_down_of_nothing_is_fine() -> None:
    down = make("down")
    assert down.returncode == 0, down.stdout + down.stderr
