"""A control plane in network, mount and process namespaces of its own: the local cluster's command lines, no node.

Everything it writes lies on a tmpfs that only its mount namespace has, so that nothing is left however it ends; and
none of its processes carries the mark by which the local cluster finds its own, so that neither `down` nor `status`
sees them.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

from aigc.catalog.faults import fail
from scripts.engine.kube_client import KubeClient
from scripts.engine.kubeconfig import load_connection
from scripts.local.cluster import layout as at
from scripts.local.cluster import readiness
from scripts.local.cluster import renderings as render
from scripts.local.cluster.components import components
from scripts.local.cluster.install import SYSTEM_PATH
from scripts.local.cluster.layout import OWNER_VARIABLE, Layout
from scripts.local.cluster.pki import CLIENT_LEAVES, ensure_pki
from scripts.local.cluster.status import LAST_LINE_LENGTH, tail
from scripts.local.cluster.supervisor import log_file

PROCESSES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
"""Of the local cluster's, those that need no host: no kubelet, no containerd, no proxy, no DNS."""
AUTOSCALER_SECONDS = 3
"""How often HorizontalPodAutoscalers are looked at; Kubernetes' own 15 s would be most of a scene."""
_MORE_ARGUMENTS = {
    # KWOK watches from version 0, which the API server would take for a streamed list: these want an etcd newer than
    # Debian's, each of its watches ended at once, and a node was ready only after half a minute.
    "kube-apiserver": ("--feature-gates=WatchList=false",),
    "kube-controller-manager": (f"--horizontal-pod-autoscaler-sync-period={AUTOSCALER_SECONDS}s",),
}
READY_SECONDS = 120.0
POLL_SECONDS = 0.1
LOG_LINES = 12


class ControlPlane:
    """The processes of one fleet; they end with this one, for they share its process namespace."""

    def __init__(self, root: Path, bin_dir: Path) -> None:
        self.layout = Layout(root)
        self._bin_dir = bin_dir
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {}
        self._logs: list[IO[bytes]] = []
        self._client: KubeClient | None = None

    @property
    def client(self) -> KubeClient:
        """The administrator's; there once `start` has returned."""
        if self._client is None:
            raise AssertionError("the control plane was not started")
        return self._client

    def start(self) -> None:
        """Keys, kubeconfigs, then each process in the order of the local cluster, until the control loops run."""
        layout = self.layout
        for folder in (layout.config, layout.logs, layout.etcd):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ensure_pki(layout)
        for user in CLIENT_LEAVES:
            (layout.config / f"{user}.kubeconfig").write_text(render.as_yaml(render.kubeconfig(layout, user)))
        layout.kubeconfig.write_text((layout.config / "admin.kubeconfig").read_text())
        lines = {one.name: one.arguments for one in components(layout, self._bin_dir)}
        checks = {check.component: check for check in readiness.ALL}
        for name in PROCESSES:
            self.run(name, (*lines[name], *_MORE_ARGUMENTS.get(name, ())))
            if name in ("etcd", "kube-apiserver"):
                self.wait(name, partial(checks[name].probe, layout))
        for check in readiness.CONTROL_LOOPS:
            self.wait(check.component, partial(check.probe, layout))
        self._client = KubeClient(load_connection(layout.kubeconfig, None))

    def run(self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start a process with nothing of our environment but a path, its output in a log of its name."""
        settings = {"PATH": f"{self._bin_dir}:{SYSTEM_PATH}", "HOME": str(self.layout.root), **(environment or {})}
        if OWNER_VARIABLE in settings:
            raise AssertionError(f"{OWNER_VARIABLE} marks the local cluster's processes: a fleet has none")
        self._commands[name] = tuple(arguments), settings
        self.run_again(name)

    def run_again(self, name: str) -> None:
        """Start it as it was started before, as a kubelet does with what has ended; its log goes on."""
        log = log_file(self.layout, name).open("ab")
        self._logs.append(log)
        arguments, settings = self._commands[name]
        self._running[name] = subprocess.Popen(
            arguments, env=settings, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )

    def wait_for_end(self, name: str, seconds: float = READY_SECONDS) -> None:
        """Until a process has ended by itself, and well.

        Raises:
            UserError: it goes on, or says that something went wrong.
        """
        try:
            code = self._running[name].wait(seconds)
        except subprocess.TimeoutExpired:
            words = f"after {seconds:.0f} s still not ended"
        else:
            words = f"ended with {code}" if code else ""
        if words:
            raise fail(f"fleet, {name}", f"{words}\n{self.last_words(name)}", "see its lines above")

    def wait(self, name: str, missing: Callable[[], str], seconds: float = READY_SECONDS) -> None:
        """Until nothing is missing; a process that ended, or the time, ends the wait with its last words.

        Raises:
            UserError: it does not come.
        """
        deadline = time.monotonic() + seconds
        while words := missing():
            process = self._running.get(name)
            ended = process is not None and process.poll() is not None
            if ended or time.monotonic() > deadline:
                how = f"ended with {process.returncode}" if ended and process else f"after {seconds:.0f} s still not"
                raise fail(f"fleet, {name}", f"{how}: {words}\n{self.last_words(name)}", "see its lines above")
            time.sleep(POLL_SECONDS)

    def last_words(self, name: str) -> str:
        """The end of a process's log; empty where there is none."""
        return "\n".join(f"      {line[:LAST_LINE_LENGTH]}" for line in tail(log_file(self.layout, name), LOG_LINES))

    def all_last_words(self) -> str:
        """The same of every process, each under its name."""
        return "".join(f"{name}:\n{self.last_words(name)}\n" for name in self._running)

    def stop(self) -> None:
        """End every process at once: there is no data to keep."""
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()
        for log in self._logs:
            log.close()


def make_link() -> None:
    """The node's address on an interface of this network namespace: what the layout's addresses stand on."""
    links = subprocess.run(["ip", "-brief", "link"], check=True, capture_output=True, text=True).stdout.splitlines()
    if len(links) > 1:
        raise AssertionError("a fleet makes its link in a network namespace of its own, where there is only `lo`")
    for command in (
        ["ip", "link", "set", "lo", "up"],
        # A bridge as the local cluster has it, not a dummy: every kernel that runs that cluster has it.
        ["ip", "link", "add", at.BRIDGE, "type", "bridge"],
        ["ip", "address", "add", f"{at.NODE_IP}/16", "dev", at.BRIDGE],
        ["ip", "link", "set", at.BRIDGE, "up"],
    ):
        subprocess.run(command, check=True, capture_output=True)
