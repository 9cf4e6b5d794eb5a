"""Why an object is not ready: its conditions, recent events, and the last lines of the container that fails."""

from __future__ import annotations

from typing import Any

from scripts.engine.kube_client import KubeClient, KubeError
from scripts.engine.objects import key_of

LOG_LINES = 12
EVENTS = 6
PODS = 3
BAD_WHEN_TRUE = frozenset(
    {
        "ReplicaFailure",
        "Failed",
        "Stalled",
        # Of a namespace that is being deleted: what keeps it.
        "NamespaceDeletionDiscoveryFailure",
        "NamespaceDeletionGroupVersionParsingFailure",
        "NamespaceDeletionContentFailure",
        "NamespaceContentRemaining",
        "NamespaceFinalizersRemaining",
    }
)


def causes(client: KubeClient, live: dict[str, Any]) -> list[str]:
    """Lines for a person, most telling last; never raises, for it runs while something else has failed."""
    try:
        pods = [pod for pod in pods_of(client, live) if not _pod_ready(pod) or _is_ending(pod)][:PODS]
        lines = conditions(live)
        lines += _events(client, live)
        for pod in pods:
            lines += _pod_lines(client, pod)
    except KubeError as error:
        return [f"(the cause could not be read: {error})"]
    return lines


def conditions(live: dict[str, Any]) -> list[str]:
    """Conditions that are not as they should be."""
    lines = []
    for item in (live.get("status") or {}).get("conditions") or []:
        bad_when = "True" if item.get("type") in BAD_WHEN_TRUE else "False"
        if item.get("status") in (bad_when, "Unknown"):
            words = ": ".join(str(item[key]) for key in ("reason", "message") if item.get(key))
            lines.append(f"condition {item.get('type')}={item.get('status')} {words}".rstrip())
    return lines


def pods_of(client: KubeClient, live: dict[str, Any]) -> list[dict[str, Any]]:
    """Pods that stand behind an object."""
    key = key_of(live)
    if key.kind == "Pod" and key.group == "":
        return [live]
    selector = _selector(live)
    return client.list("v1", "Pod", key.namespace, labelSelector=selector) if selector else []


def _selector(live: dict[str, Any]) -> str:
    key = key_of(live)
    if key.group == "serving.knative.dev":
        return f"serving.knative.dev/service={key.name}"
    if key.kind == "Job":
        return f"batch.kubernetes.io/job-name={key.name}"
    selector = (live.get("spec") or {}).get("selector")
    if not isinstance(selector, dict):
        # A custom resource that scales says it there, as text: Prometheus and Alertmanager do.
        scaled = (live.get("status") or {}).get("selector")
        return scaled if isinstance(scaled, str) else ""
    labels = selector.get("matchLabels", selector if key.kind == "Service" else {})
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))


def _is_ending(pod: dict[str, Any]) -> bool:
    return bool((pod.get("metadata") or {}).get("deletionTimestamp"))


def _pod_ready(pod: dict[str, Any]) -> bool:
    found = (pod.get("status") or {}).get("conditions") or []
    return any(item.get("type") == "Ready" and item.get("status") == "True" for item in found)


def _pod_lines(client: KubeClient, pod: dict[str, Any]) -> list[str]:
    key = key_of(pod)
    status = pod.get("status") or {}
    ending = (pod.get("metadata") or {}).get("deletionTimestamp")
    phase = f"{status.get('phase')}" + (f", to be gone by {ending}" if ending else "")
    lines = [f"pod {key.name}: {phase}", *conditions(pod), *_events(client, pod)]
    for container in (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or []):
        if container.get("ready"):
            continue
        lines.append(f"container {container['name']}: {_state(container)}")
        lines += _log(client, key.namespace, key.name, container)
    return lines


def _state(container: dict[str, Any]) -> str:
    words = []
    for source in ("state", "lastState"):
        for name, detail in (container.get(source) or {}).items():
            told = [str(detail[key]) for key in ("reason", "message") if detail.get(key) is not None]
            told += [f"exit code {detail['exitCode']}"] if detail.get("exitCode") is not None else []
            words.append(f"{'before: ' if source == 'lastState' else ''}{name} {', '.join(told)}".rstrip())
    return "; ".join([*words, f"{container.get('restartCount', 0)} restarts"])


def _log(client: KubeClient, namespace: str, pod: str, container: dict[str, Any]) -> list[str]:
    if not any(container.get(source) for source in ("lastState", "containerID")):
        return []
    crashed = "waiting" in (container.get("state") or {}) and bool(container.get("lastState"))
    try:
        text = client.text(
            f"/api/v1/namespaces/{namespace}/pods/{pod}/log",
            container=container["name"],
            tailLines=str(LOG_LINES),
            previous="true" if crashed else "false",
        )
    except KubeError as error:
        return [f"  (no log: {error.message})"]
    return [f"  | {line}" for line in text.splitlines()[-LOG_LINES:]]


def _events(client: KubeClient, live: dict[str, Any]) -> list[str]:
    key = key_of(live)
    wanted = f"involvedObject.kind={key.kind},involvedObject.name={key.name}"
    events = client.list("v1", "Event", key.namespace or "default", fieldSelector=wanted)
    events.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    return [f"event {event.get('reason')}: {str(event.get('message', '')).strip()}" for event in events[-EVENTS:]]
