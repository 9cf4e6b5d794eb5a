"""Whether a pod behind an object crashes again and again, so that waiting for the object longer cannot help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from scripts.engine.cause import pods_of
from scripts.engine.durations import seconds_of
from scripts.engine.kube_client import KubeClient, KubeError
from scripts.engine.objects import key_of

CRASHES = 5
"""Restarts of one container, after which it is given up, if they came one after the other.

The kubelet restarts at once, then after 10, 20, 40 and 80 s, so this is after 150 s at least: whoever waits for
something that is slow to start got it by then (a whole `up` takes half of that), or will not get it in the 450 s that
are left of the usual patience either.
"""
BACK_OFF_SECONDS = 60.0
"""The count alone goes back to the pod's first day. The kubelet's back-off begins anew after 10 minutes without a
crash, so the length of the last one says whether the crashes belong together: it is 40 s before the fourth restart and
80 s before the fifth. On a kubelet whose longest back-off is set to less, nothing is given up early;
the local cluster's is 60 s.
"""
LONGEST_BACK_OFF_SECONDS = 330.0
"""The kubelet's longest is 300 s, and it acts some seconds late; a longer pause was a host that was off."""
SETTLE_SECONDS = 30.0
"""A pod of the version before may crash, too: so long a controller may take to replace it by one of this version."""
ASK_SECONDS = 5.0
"""Between two questions, which must have the same answer: a container that has just ended may be started at once."""
_VERSION_LABELS = ("serving.knative.dev/revision", "pod-template-hash", "controller-revision-hash")


def crash_loop(client: KubeClient, live: dict[str, Any]) -> str | None:
    """Which container of the newest pods is in a crash loop; None when none is, or when it cannot be read."""
    try:
        pods = pods_of(client, live)
    except KubeError:
        return None
    return next((words for pod in newest_version(pods) for words in _crashing(pod)), None)


def newest_version(pods: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pods that are of the same version as the newest one and are not on their way out."""
    staying = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    if not staying:
        return []
    newest = max(staying, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")))
    return [pod for pod in staying if _version(pod) == _version(newest)]


def _version(pod: dict[str, Any]) -> str:
    labels = pod["metadata"].get("labels") or {}
    return next((str(labels[name]) for name in _VERSION_LABELS if name in labels), "")


def _crashing(pod: dict[str, Any]) -> Iterator[str]:
    status = pod.get("status") or {}
    for container in (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or []):
        restarts = int(container.get("restartCount", 0))
        back_off_seconds = _back_off_seconds(container)
        if restarts >= CRASHES and BACK_OFF_SECONDS <= back_off_seconds <= LONGEST_BACK_OFF_SECONDS:
            yield f"container {container['name']} of pod {key_of(pod).name} has crashed {restarts + 1} times"


def _back_off_seconds(container: dict[str, Any]) -> float:
    """How long a container that does not run now is kept from running, or was before it last did; 0 for one that runs.

    While it waits, the kubelet shows either CrashLoopBackOff with the back-off in words, or still how the container
    ended (seen of 1.37, for most of the time).
    """
    state, before = container.get("state") or {}, container.get("lastState") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    if waiting.get("reason") == "CrashLoopBackOff":
        told = _BACK_OFF.search(str(waiting.get("message", "")))
        return seconds_of(told[1]) if told else 0.0
    started, ended_before = ended.get("startedAt"), (before.get("terminated") or {}).get("finishedAt")
    if not ended.get("exitCode") or not started or not ended_before:
        return 0.0  # an init container that is done, too
    return (datetime.fromisoformat(started) - datetime.fromisoformat(ended_before)).total_seconds()


_BACK_OFF = re.compile(r"back-off (\S+) restarting")
"""Of kubelet 1.37: `back-off 2m40s restarting failed container=main pod=...`."""
