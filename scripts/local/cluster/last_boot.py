"""What is left of the host's boot before, when the cluster comes up again in another one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

from aigc.catalog.faults import fail
from scripts.local.cluster import api_access, host_before
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.started import Started
from scripts.progress import Progress

AT_ONCE = json.dumps({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0})


def forget_last_boot(layout: Layout) -> None:
    """Nothing of these runs any more, and notes on it would mislead."""
    for folder in (layout.containerd_state, layout.runc_root, layout.cni / "networks"):
        shutil.rmtree(folder, ignore_errors=True)
    for path in (layout.supervisor_socket, layout.supervisor_pid, layout.containerd_socket):
        path.unlink(missing_ok=True)
    host_before.renew(layout)


def has_pods_of_before(note: Started) -> bool:
    """Whether the API server knows pods that were started in another boot."""
    return note.pods_boot_id not in ("", note.boot_id)


def replace_pods(layout: Layout, note: Started, progress: Progress) -> Started:
    """Delete the pods of another boot, so that their controllers make new ones; returns the note that says so.

    The API server still calls them ready and knows them by addresses that nobody has any more: until the kubelet has
    started each of them anew, requests would be sent there, and `up` would take the stack for ready. The kubelet must
    not run yet: a pod that it has started by then is started twice, and the leases it has taken must be waited for
    (seen: 92 to 106 s until all was served, in place of 46).

    Raises:
        UserError: the API server does not do it.
    """
    if has_pods_of_before(note):
        pods = _answered(layout, progress, "GET", "/api/v1/pods")["items"]
        for pod in pods:
            metadata = pod["metadata"]
            path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
            _answered(layout, progress, "DELETE", path, AT_ONCE)
        if pods:
            progress.note(f"the host was restarted: {len(pods)} pods are made anew")
    return replace(note, pods_boot_id=note.boot_id)


def _answered(
    layout: Layout, progress: Progress, method: str, path: str, body: str | None = None
) -> dict[str, list[dict[str, dict[str, str]]]]:
    answer = api_access.ask_api_server(layout, path, progress, method=method, body=body, kind="application/json")
    if not answer.fine and answer.status != api_access.NOT_FOUND:
        raise fail("kube-apiserver", f"{method} {path}: {answer.words()}", "run the same command again")
    return dict(answer.json())
