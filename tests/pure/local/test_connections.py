"""What one line of conntrack says: who asked whom, after a Service's address was replaced."""

from __future__ import annotations

import pytest

from tests.flows.connections import Connection, Recorder, connection_of
from tests.flows.samples import DNS, MASQUERADED, OF_THE_HOST, PING, POD_TO_POD, THROUGH_A_SERVICE


@pytest.mark.parametrize(
    ("line", "connection"),
    [
        (POD_TO_POD, Connection("TCP", "10.217.0.2", "10.217.0.12", 8013)),
        (THROUGH_A_SERVICE, Connection("TCP", "10.217.0.2", "10.217.0.4", 8080)),
        (MASQUERADED, Connection("TCP", "10.217.0.9", "10.217.0.9", 8081)),
        (DNS, Connection("UDP", "10.217.0.8", "10.217.0.1", 53)),
        (PING, None),
        ("conntrack v1.4.7 (conntrack-tools): 696 flow entries have been shown.", None),
    ],
)
def test_the_target_is_the_one_after_translation(line: str, connection: Connection | None) -> None:
    assert connection_of(line) == connection


def test_each_connection_of_a_pod_is_kept_once() -> None:
    recorder = Recorder("10.217.0.0/16", ["10.217.0.1"])
    assert not recorder.heard()
    recorder.read([OF_THE_HOST])
    assert recorder.heard() and recorder.connections() == []
    recorder.read([DNS, POD_TO_POD, POD_TO_POD.replace("37978", "40001")])
    assert [connection.port for connection in recorder.connections()] == [53, 8013]
