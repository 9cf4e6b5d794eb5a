"""Pods that run what an image was before: its tag is a version, which stays when only the image's recipe changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kubernetes.client.exceptions import ApiException

from scripts.local.images.archive import ImageArchive
from scripts.local.workloads import Workloads
from scripts.progress import Outcome, Progress

GONE = 404


def restart_stale(workloads: Workloads, archives: Sequence[ImageArchive], progress: Progress) -> None:
    """Delete pods that run another content of an image than the node now holds; their controllers make new ones.

    Asked of the pods, not of the import, so that a run that was interrupted between the two is made up for.
    """
    with progress.step("pods on older images") as step:
        stale = stale_pods(workloads.core.list_pod_for_all_namespaces().items, archives)
        for pod in stale:
            try:
                workloads.core.delete_namespaced_pod(pod.metadata.name, pod.metadata.namespace)
            except ApiException as error:
                if error.status != GONE:
                    raise
            progress.note(f"pod {pod.metadata.namespace}/{pod.metadata.name} is made anew: its image has changed")
        step.outcome = Outcome.DONE if stale else Outcome.UNCHANGED
        step.detail = f"{len(stale)} made anew"


def stale_pods(pods: Iterable[Any], archives: Sequence[ImageArchive]) -> list[Any]:
    """The pods, not on their way out, with a container whose image under the same reference has another content now."""
    # The runtime names an image by its configuration, or, if it came from a registry, by its manifest.
    current = {archive.reference: {archive.config_digest, archive.digest} for archive in archives}
    return [pod for pod in pods if pod.metadata.deletion_timestamp is None and _runs_another(pod, current)]


def _runs_another(pod: Any, current: dict[str, set[str]]) -> bool:
    # By the reference in the spec: of an image that has lost its name, the status tells the digest in its place.
    wanted = {
        container.name: container.image for container in [*(pod.spec.init_containers or []), *pod.spec.containers]
    }
    statuses = [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]
    return any(
        status.image_id.rpartition("@")[2] not in current[wanted[status.name]]
        for status in statuses
        if status.image_id and wanted[status.name] in current
    )
