"""Waiting for an object to go: what holds it is told while it is waited for, and named when it stays."""

from __future__ import annotations

from typing import Any, cast

import pytest

from scripts.engine.kube_client import KubeClient
from scripts.engine.objects import ObjectKey
from scripts.engine.readiness import Verdict
from scripts.engine.waiting import REMEMBERED_SECONDS, NotReadyError, is_final, wait_gone

SPACE = ObjectKey("v1", "Namespace", "", "models")


class FakeCluster:
    """Answers with one object a number of times, then with nothing."""

    def __init__(self, times: int, body: dict[str, Any]) -> None:
        self.times = times
        self.body = body

    def get(self, key: ObjectKey) -> dict[str, Any] | None:
        self.times -= 1
        return self.body if self.times >= 0 else None

    def list(self, api_version: str, kind: str, namespace: str = "", **query: str) -> list[dict[str, Any]]:
        return []


def namespace(**status: Any) -> dict[str, Any]:
    metadata = {"name": "models", "finalizers": ["kubernetes"]}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "status": status}


def waited(cluster: FakeCluster, timeout: float) -> list[str]:
    said: list[str] = []
    wait_gone(cast(KubeClient, cluster), SPACE, timeout, said.append)
    return said


def test_what_is_gone_is_not_waited_for() -> None:
    assert waited(FakeCluster(0, namespace()), 1) == []


def test_the_finalizers_are_told_while_waiting() -> None:
    assert waited(FakeCluster(2, namespace()), 10) == ["it is being deleted; finalizers: kubernetes"] * 2


def test_what_stays_is_named_with_what_holds_it() -> None:
    remaining = {"type": "NamespaceContentRemaining", "status": "True", "message": "pods. has 1 resource instances"}
    fine = {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "all resources discovered"}
    with pytest.raises(NotReadyError) as stuck:
        waited(FakeCluster(10**6, namespace(conditions=[remaining, fine])), 0)
    assert "Namespace models is still there" in stuck.value.why
    assert stuck.value.lines == ["condition NamespaceContentRemaining=True pods. has 1 resource instances"]


def test_what_may_be_said_of_the_version_before_is_believed_only_when_it_stays() -> None:
    remembered = Verdict(False, "Progressing is False (ProgressDeadlineExceeded)", final=True, remembered=True)
    assert not is_final(remembered, 1)
    assert is_final(remembered, REMEMBERED_SECONDS)
    assert is_final(Verdict(False, "the Job failed", final=True), 0)
    assert not is_final(Verdict(False, "0 of 1 replicas available"), 10_000)
