"""Which alert names what ended: the part itself, and none of its neighbours."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.faults.alarm import of_container, of_host_process, unnamed
from tests.faults.library import FAULTS, KILLS, kills_unnamed


def restarted(pod: str, container: str = "triton", namespace: str = "models") -> dict[str, str]:
    return {"alertname": "ContainerRestarted", "namespace": namespace, "pod": pod, "container": container}


class History:
    """Alerts that began, by the time at which they did."""

    def __init__(self, *began: tuple[float, Mapping[str, str]]) -> None:
        self._began = began

    def alerts_begun(self, since: float) -> list[Mapping[str, str]]:
        return [labels for at, labels in self._began if at >= since]


@pytest.mark.parametrize(
    ("workload", "pod", "named"),
    [
        ("models/gpt", "gpt-00001-deployment-7654c56d9d-sck8l", True),
        ("models/gpt", "gpt-handbook-84db48957b-fp2tn", False),
        ("models/gpt-handbook", "gpt-handbook-84db48957b-fp2tn", True),
        ("models/gpt-handbook", "gpt-00001-deployment-7654c56d9d-sck8l", False),
        ("models/prometheus-prometheus", "prometheus-prometheus-0", True),
        ("models/prometheus", "prometheus-operator-65989f68ff-sjq2j", False),
        ("keda/gpt-handbook", "gpt-handbook-84db48957b-fp2tn", False),
    ],
)
def test_a_pod_is_known_by_its_workload(workload: str, pod: str, named: bool) -> None:
    assert of_container(workload, "triton").is_in([restarted(pod)]) is named
    assert not of_container(workload, "mux").is_in([restarted(pod)])


def test_an_alert_of_before_names_nothing() -> None:
    etcd = {"alertname": "HostProcessRestarted", "process": "etcd"}
    history = History((50.0, etcd))
    assert unnamed([("a", of_host_process("etcd"))], history, 40.0, seconds=0) == []
    assert unnamed([("a", of_host_process("etcd"))], history, 60.0, seconds=0) == [
        "no alert named a: HostProcessRestarted{process=etcd}"
    ]
    assert unnamed([("a", of_host_process("etc"))], history, 40.0, seconds=0) != []


def test_every_kill_has_its_alert_and_only_those_that_were_caused_are_asked_for() -> None:
    assert all(kill.alarm is not None and not kill.alarm_is_awaited for kill in KILLS)
    etcd = History((50.0, {"alertname": "HostProcessRestarted", "process": "etcd"}))
    assert kills_unnamed(["kill -9 etcd"], etcd, 40.0) == []
    assert kills_unnamed([], History(), 40.0) == []


def test_what_nobody_watches_is_named_by_status_alone() -> None:
    silent = {fault.name for fault in FAULTS if fault.alarm is None}
    assert silent == {"Prometheus gone", "node restart", "power loss", "older copy of etcd"}
