"""Logs of what runs in the cluster, by the name a person knows it under: an endpoint, a workload or a pod."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from aigc.catalog.faults import UserError, fail
from scripts.local.kube_connection import connect

NAME_LABELS = ("aigc/endpoint", "serving.knative.dev/service", "app.kubernetes.io/name", "app")
"""Where the names of things are written on their pods."""
GENERATED_PARTS = 2
"""A pod of a Deployment ends with the hash of its replica set and five characters of its own."""


@dataclass(frozen=True)
class PodLog:
    """The last lines of one container."""

    namespace: str
    pod: str
    container: str
    text: str


def pod_logs(name: str, lines: int, kubeconfig: Path, context: str | None = None) -> list[PodLog]:
    """The logs of every container of every pod that goes under a name.

    Raises:
        UserError: nothing goes under that name (the known names are listed), or the API server does not answer.
    """
    core = client.CoreV1Api(connect(kubeconfig, context))
    try:
        pods = core.list_pod_for_all_namespaces().items
        found = [pod for pod in pods if name in names_of(pod)]
        if not found:
            raise unknown(name, pods)
        return [_read(core, pod, container, lines) for pod in found for container in _containers(pod)]
    except (ApiException, HTTPError) as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        way_out = "see `python -m scripts cluster status`"
        raise fail("API server", f"does not answer: {words}", way_out) from None


def names_of(pod: Any) -> set[str]:
    """Every name a pod goes under, the shortest being what a person says; pure."""
    labels: dict[str, str] = pod.metadata.labels or {}
    names = {pod.metadata.name} | {labels[label] for label in NAME_LABELS if label in labels}
    for owner in pod.metadata.owner_references or []:
        names.add(owner.name)
        if owner.kind == "ReplicaSet" and "pod-template-hash" in labels:
            names.add(owner.name.removesuffix(f"-{labels['pod-template-hash']}"))
    namespace = pod.metadata.namespace
    if namespace.startswith("knative"):
        # `knative-controller` rather than `controller`: what a person says of a part of Knative.
        names |= {f"knative-{name}" for name in names}
    return names


def known_names(pods: list[Any]) -> list[str]:
    """One name for each workload, the shortest."""
    return sorted({min(names_of(pod), key=len) for pod in pods})


def unknown(name: str, pods: list[Any]) -> UserError:
    """The fault of a name that nothing goes under."""
    from scripts.local.cluster_api import component_names  # noqa: PLC0415 - only for its list

    known = [*component_names(), *known_names(pods)]
    return fail(name, "nothing goes under that name, on this host or in the cluster", f"one of: {', '.join(known)}")


def _containers(pod: Any) -> Iterator[str]:
    for container in [*(pod.spec.init_containers or []), *pod.spec.containers]:
        yield container.name


def _read(core: client.CoreV1Api, pod: Any, container: str, lines: int) -> PodLog:
    where = (pod.metadata.namespace, pod.metadata.name, container)
    try:
        response = core.read_namespaced_pod_log(
            pod.metadata.name,
            pod.metadata.namespace,
            container=container,
            tail_lines=lines,
            _preload_content=False,
        )
    except ApiException as error:
        return PodLog(*where, f"(no log: {error.reason}; the pod is {pod.status.phase})")
    return PodLog(*where, response.data.decode(errors="replace"))
