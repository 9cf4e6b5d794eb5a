"""Whether each part of the cluster does its work, asked of the part itself, and waiting for it with a sign of life."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from aigc.catalog.faults import UserError, fail
from scripts.local.cluster import api_access
from scripts.local.cluster import layout as at
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.status import cause_of, exits
from scripts.local.cluster.supervisor import Supervisor
from scripts.progress import Progress

POLL_SECONDS = 0.1
HEARTBEAT_SECONDS = 5.0
HOPELESS_EXITS = 6
"""So many times ended at once, with all that it depends on ready: it will not come by itself."""
WAIT_SECONDS = 120.0
"""Seen: 3 s on two idle cores; a host that builds at the same time is many times slower."""


@dataclass(frozen=True)
class Check:
    """A question and whom it is about."""

    component: str
    what: str
    probe: Callable[[Layout], str]
    """The empty string when fine, else what is missing, in words."""


def _http(port: at.Port, path: str) -> Callable[[Layout], str]:
    def probe(layout: Layout) -> str:
        answer = api_access.ask(layout, port, path)
        return "" if answer.fine else answer.words()

    return probe


def _node_ready(layout: Layout) -> str:
    answer = api_access.ask(layout, at.API_PORT, f"/api/v1/nodes/{at.NODE_NAME}")
    if not answer.fine:
        return answer.words()
    conditions = answer.json()["status"].get("conditions", [])
    ready = next((c for c in conditions if c["type"] == "Ready"), None)
    if ready is None:
        return "the kubelet has not reported yet"
    return "" if ready["status"] == "True" else str(ready.get("message", "not ready"))


def _containerd(layout: Layout) -> str:
    # A killed containerd leaves its socket's file behind: only a connection tells.
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(layout.containerd_socket))
        except OSError as error:
            return f"{layout.containerd_socket}: {error}"
    return ""


ETCD = Check("etcd", "etcd answers", _http(at.ETCD_CLIENT_PORT, "/health"))
API_SERVER = Check("kube-apiserver", "the API server is ready", _http(at.API_PORT, "/readyz"))
CONTAINERD = Check("containerd", "containerd answers", _containerd)
CONTROL_LOOPS = (
    Check("kube-controller-manager", "the controllers run", _http(at.CONTROLLER_MANAGER_PORT, "/healthz")),
    Check("kube-scheduler", "the scheduler runs", _http(at.SCHEDULER_PORT, "/healthz")),
)
NODE = Check("kubelet", "the node is Ready", _node_ready)
DATA_PATH = (
    Check("kube-proxy", "Service rules are in place", _http(at.PROXY_HEALTH_PORT, "/healthz")),
    Check("coredns", "DNS answers", _http(at.DNS_HEALTH_PORT, "/health")),
)
ALL = (ETCD, CONTAINERD, API_SERVER, *CONTROL_LOOPS, NODE, *DATA_PATH)


def failing(layout: Layout) -> list[tuple[Check, str]]:
    """Every check that fails now, with what it said."""
    answers = [(check, check.probe(layout)) for check in ALL]
    return [(check, words) for check, words in answers if words]


def wait_for(
    layout: Layout, supervisor: Supervisor, check: Check, progress: Progress, seconds: float = WAIT_SECONDS
) -> None:
    """Wait until a check passes.

    Raises:
        UserError: it does not within the time; with the component's own last words.
    """
    started = time.monotonic()
    next_beat = HEARTBEAT_SECONDS
    exits_before = exits(layout).get(check.component, 0)
    while words := check.probe(layout):
        passed = time.monotonic() - started
        if passed > seconds:
            raise _gave_up(layout, supervisor, check, words, passed)
        if passed > next_beat:
            if _is_hopeless(layout, supervisor, check.component, exits_before):
                raise _gave_up(layout, supervisor, check, words, passed)
            progress.note(f"{passed:.0f} s: waiting until {check.what} ({words})")
            next_beat += HEARTBEAT_SECONDS
        time.sleep(POLL_SECONDS)


def _is_hopeless(layout: Layout, supervisor: Supervisor, name: str, exits_before: int) -> bool:
    info = next((info for info in supervisor.processes() if info.name == name), None)
    retrying = info is not None and info.state in ("BACKOFF", "FATAL")
    return retrying and exits(layout).get(name, 0) - exits_before >= HOPELESS_EXITS


def _gave_up(layout: Layout, supervisor: Supervisor, check: Check, words: str, seconds: float) -> UserError:
    cause = cause_of(layout, supervisor, check.component)
    way_out = f"see `python -m scripts logs {check.component}`; `python -m scripts cluster down` starts afresh"
    return fail(check.component, f"after {seconds:.0f} s still not: {check.what} ({words}); {cause}", way_out)
