"""What `status` says of pods: the cause of a restart, of a wait, of an eviction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kubernetes import client

from scripts.local import pod_words

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def pod(status: client.V1PodStatus) -> Any:
    return client.V1Pod(metadata=client.V1ObjectMeta(name="p", labels={"a": "1", "b": "2"}), status=status)


def container(ended: timedelta | None = None, waiting: str = "", code: int = 137) -> Any:
    state = client.V1ContainerState(waiting=client.V1ContainerStateWaiting(reason=waiting) if waiting else None)
    last = client.V1ContainerState()
    if ended is not None:
        last.terminated = client.V1ContainerStateTerminated(exit_code=code, finished_at=NOW - ended)
    return client.V1ContainerStatus(
        name="triton", image="i", image_id="i", ready=not waiting, restart_count=2, state=state, last_state=last
    )


@pytest.mark.parametrize(
    ("status", "complete", "words"),
    [
        (client.V1PodStatus(), False, ""),
        (
            client.V1PodStatus(container_statuses=[container(timedelta(seconds=20))]),
            True,
            "; triton was started again 2 times, it ended 20 s ago with exit code 137 (SIGKILL)",
        ),
        (client.V1PodStatus(container_statuses=[container(timedelta(minutes=11))]), True, ""),
        (
            client.V1PodStatus(init_container_statuses=[container(timedelta(seconds=5), "CrashLoopBackOff", 1)]),
            False,
            "; p/triton: CrashLoopBackOff; triton was started again 2 times, it ended 5 s ago with exit code 1",
        ),
        (client.V1PodStatus(container_statuses=[container(waiting="ContainerCreating")]), False, ""),
        (client.V1PodStatus(container_statuses=[container(waiting="CrashLoopBackOff")]), True, ""),
        (client.V1PodStatus(reason="Evicted", message="disk is full"), False, "; p: Evicted disk is full"),
        (
            client.V1PodStatus(
                conditions=[client.V1PodCondition(type="PodScheduled", status="False", message="0/1 nodes")]
            ),
            False,
            "; p: has no node, 0/1 nodes",
        ),
    ],
)
def test_words(status: Any, complete: bool, words: str) -> None:
    assert pod_words.in_words([pod(status)], complete, NOW) == words


def test_pods_of_a_workload_carry_all_its_labels() -> None:
    one = pod(client.V1PodStatus())
    assert pod_words.selected([one], {"a": "1"}) == [one]
    assert pod_words.selected([one], {"a": "1", "b": "3"}) == []
