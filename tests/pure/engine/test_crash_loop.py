"""An object whose pod crashes again and again is given up before its time, with the cause; no other one is."""

from __future__ import annotations

import threading
import time
from typing import Any, cast

import pytest

from scripts.engine import waiting
from scripts.engine.crash_loop import CRASHES, crash_loop
from scripts.engine.kube_client import KubeClient, KubeError
from scripts.engine.objects import key_of
from scripts.engine.waiting import NotReadyError, wait_ready

Body = dict[str, Any]

DEPLOYMENT: Body = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "crasher", "namespace": "models", "generation": 1},
    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "crasher"}}},
    "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1},
}
PROMETHEUS: Body = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "Prometheus",
    "metadata": {"name": "prometheus", "namespace": "monitoring", "annotations": {"pulumi.com/waitFor": "condition=A"}},
    "spec": {},
    "status": {"selector": "prometheus=prometheus", "conditions": [{"type": "A", "status": "False"}]},
}


class FakeCluster:
    """One object that never changes, the pods behind it, and which of them were asked for."""

    def __init__(self, live: Body, pods: list[Body]) -> None:
        self.live = live
        self.pods = pods
        self.selectors: list[str] = []

    def get(self, key: object) -> Body:
        return self.live

    def list(self, api_version: str, kind: str, namespace: str = "", **query: str) -> list[Body]:
        if kind != "Pod":
            return []
        self.selectors.append(query["labelSelector"])
        return self.pods

    def text(self, path: str, **query: str) -> str:
        return "panic: no such flag"


class BlindCluster(FakeCluster):
    def list(self, api_version: str, kind: str, namespace: str = "", **query: str) -> list[Body]:
        raise KubeError(403, "Forbidden", "no right to list pods")


def waits(back_off: str, reason: str = "CrashLoopBackOff") -> Body:
    message = f"back-off {back_off} restarting failed container=main pod=crasher-1_models(uid)"
    return {"state": {"waiting": {"reason": reason, "message": message}}, "lastState": ended("08:00:00", "08:00:01")}


def ended(started: str, finished: str, exit_code: int = 1) -> Body:
    times = {"startedAt": f"2026-11-24T{started}Z", "finishedAt": f"2026-11-24T{finished}Z"}
    return {"terminated": {"reason": "Error", "exitCode": exit_code, **times}}


def after_pause(started: str, exit_code: int = 1) -> Body:
    """A container as kubelet 1.37 shows it while it backs off: how it ended, and the time before."""
    return {"state": ended(started, started, exit_code), "lastState": ended("08:00:00", "08:00:01")}


def pod(
    shown: Body,
    restarts: int = CRASHES,
    version: str = "v2",
    made: str = "2026-11-24T08:00:00Z",
    where: str = "containerStatuses",
    **metadata: str,
) -> Body:
    labels = {"pod-template-hash": version}
    times = {"creationTimestamp": made, **metadata}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "crasher-1", "namespace": "models", "labels": labels, **times},
        "status": {"phase": "Running", where: [{"name": "main", "ready": False, "restartCount": restarts, **shown}]},
    }


RUNS: Body = {"state": {"running": {"startedAt": "2026-11-24T08:00:00Z"}}}
AFTER_82_SECONDS = after_pause("08:01:23")


def asked(pods: list[Body], live: Body = DEPLOYMENT) -> str | None:
    return crash_loop(cast(KubeClient, FakeCluster(live, pods)), live)


def wait(cluster: FakeCluster, live: Body, timeout: float) -> None:
    stop = threading.Event()
    wait_ready(cast(KubeClient, cluster), key_of(live), live, timeout, stop=stop, say=lambda _reason: None)


@pytest.mark.parametrize("shown", [waits("2m40s"), AFTER_82_SECONDS])
@pytest.mark.parametrize("where", ["containerStatuses", "initContainerStatuses"])
def test_the_container_and_its_crashes_are_named(shown: Body, where: str) -> None:
    assert asked([pod(shown, where=where)]) == "container main of pod crasher-1 has crashed 6 times"


@pytest.mark.parametrize(
    "pods",
    [
        [],
        [pod(waits("1m20s"), restarts=CRASHES - 1)],
        [pod(after_pause("08:00:42"), restarts=CRASHES - 1)],
        # Pods that have crashed on many a day, and today wait for something that is slow to start.
        [pod(waits("40s"), restarts=40)],
        [pod(after_pause("08:00:42"), restarts=40)],
        [pod(after_pause("20:00:00"), restarts=40)],
        [pod(RUNS, restarts=40)],
        [pod(waits("2m40s", reason="ContainerCreating"), restarts=40)],
        # An init container that is done.
        [pod(after_pause("08:01:23", exit_code=0), where="initContainerStatuses")],
        [pod(AFTER_82_SECONDS, deletionTimestamp="2026-11-24T08:10:00Z")],
        # The crashing version is being replaced.
        [pod(AFTER_82_SECONDS, version="v1"), pod(RUNS, restarts=0, made="2026-11-24T08:09:00Z")],
    ],
)
def test_what_may_still_become_ready_is_waited_for(pods: list[Body]) -> None:
    assert asked(pods) is None


def test_the_newest_version_counts_also_beside_a_healthy_old_one() -> None:
    old = pod(RUNS, restarts=0, version="v1", made="2026-11-24T07:00:00Z")
    assert asked([old, pod(AFTER_82_SECONDS)])


def test_pods_of_a_custom_resource_are_those_that_its_status_selects() -> None:
    cluster = FakeCluster(PROMETHEUS, [pod(AFTER_82_SECONDS)])
    assert crash_loop(cast(KubeClient, cluster), PROMETHEUS)
    assert cluster.selectors == ["prometheus=prometheus"]


def test_pods_that_cannot_be_read_end_no_wait() -> None:
    assert crash_loop(cast(KubeClient, BlindCluster(DEPLOYMENT, [])), DEPLOYMENT) is None


@pytest.mark.parametrize("live", [DEPLOYMENT, PROMETHEUS])
def test_the_wait_ends_early_with_the_cause(live: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SETTLE_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "ASK_SECONDS", 0.2)
    cluster, started = FakeCluster(live, [pod(waits("2m40s"))]), time.monotonic()
    with pytest.raises(NotReadyError, match=r"given up after \d s: container main of pod crasher-1") as caught:
        wait(cluster, live, 60)
    assert 0.4 <= time.monotonic() - started < 30, "not before pods could be replaced, and long before the 60 s"
    assert "  | panic: no such flag" in caught.value.lines


def test_a_pod_that_starts_slowly_is_waited_for_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "ASK_SECONDS", 0.0)
    cluster = FakeCluster(DEPLOYMENT, [pod(waits("20s"), restarts=2)])
    with pytest.raises(NotReadyError, match=r"not ready after \d s"):
        wait(cluster, DEPLOYMENT, 1)


class RestartingCluster(FakeCluster):
    """Its container runs again at every second look."""

    def list(self, api_version: str, kind: str, namespace: str = "", **query: str) -> list[Body]:
        found = super().list(api_version, kind, namespace, **query)
        return found if len(self.selectors) % 2 else []


def test_one_look_alone_gives_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "ASK_SECONDS", 0.0)
    cluster = RestartingCluster(DEPLOYMENT, [pod(AFTER_82_SECONDS)])
    with pytest.raises(NotReadyError, match=r"not ready after \d s"):
        wait(cluster, DEPLOYMENT, 1)
    assert len(cluster.selectors) >= 3, "it was asked"
