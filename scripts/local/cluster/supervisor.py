"""The supervisor (supervisord) that keeps the host processes: its configuration, its start, and questions to it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc.catalog.faults import fail
from scripts.local.cluster import power_loss, processes
from scripts.local.cluster.components import PYTHON_VARIABLE, Component
from scripts.local.cluster.layout import OWNER_VARIABLE, Layout

START_RETRIES = 1_000_000
"""Never give up: a process that its dependency keeps from starting must come when the dependency does."""
START_SECONDS = 2
LOG_BYTES = "5MB"
LOG_BACKUPS = 2
RPC_SECONDS = 30.0
REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class ProcessInfo:
    """What the supervisor knows of one process."""

    name: str
    state: str
    """supervisord's word: RUNNING, STARTING, BACKOFF, STOPPED, EXITED, FATAL …"""
    pid: int
    seconds_up: int
    problem: str


def render(layout: Layout, components: Iterable[Component], environment: Mapping[str, str]) -> str:
    """supervisord's configuration; a percent sign is its own escape character."""
    lines = [
        "[unix_http_server]",
        f"file={layout.supervisor_socket}",
        "chmod=0600",
        "[supervisord]",
        f"logfile={layout.logs / 'supervisord.log'}",
        f"logfile_maxbytes={LOG_BYTES}",
        f"logfile_backups={LOG_BACKUPS}",
        "loglevel=info",
        f"pidfile={layout.supervisor_pid}",
        f"childlogdir={layout.logs}",
        f"directory={layout.root}",
        "umask=022",
        "minfds=1024",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    values = ",".join(f'{key}="{value}"' for key, value in sorted(environment.items()))
    for component in components:
        lines += [
            f"[program:{component.name}]",
            f"command={' '.join(component.arguments)}",
            f"environment={values}",
            f"priority={component.priority}",
            "autostart=true",
            "autorestart=true",
            f"startsecs={START_SECONDS}",
            f"startretries={START_RETRIES}",
            f"stopwaitsecs={component.stop_seconds}",
            "redirect_stderr=true",
            f"stdout_logfile={log_file(layout, component.name)}",
            f"stdout_logfile_maxbytes={LOG_BYTES}",
            f"stdout_logfile_backups={LOG_BACKUPS}",
        ]
    return "\n".join(line.replace("%", "%%") for line in lines) + "\n"


def log_file(layout: Layout, name: str) -> Path:
    """Where the output of a host process goes."""
    return layout.logs / f"{name}.log"


def start(layout: Layout, prefix: tuple[str, ...] = ()) -> None:
    """Start supervisord as a daemon, with nothing of our session but the mark in its environment.

    Raises:
        UserError: it did not start.
    """
    layout.supervisor_socket.unlink(missing_ok=True)
    power_loss.forget_synced(layout)
    command = [*prefix, sys.executable, "-m", "supervisor.supervisord", "-c", str(layout.supervisor_config)]
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        OWNER_VARIABLE: str(layout.root),
        PYTHON_VARIABLE: sys.executable,
        "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'infra'}",
    }
    done = subprocess.run(
        command, env=environment, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        words = (done.stderr or done.stdout).partition("For help, use")[0].strip() or "no output"
        raise fail("supervisor", f"did not start: {words}", f"look at {layout.logs / 'supervisord.log'}")


def end_host_processes(layout: Layout) -> None:
    """End what a dead supervisor left behind; shims stay, and with them the containers of pods.

    Raises:
        UserError: one does not end.
    """
    ours = processes.owned(layout)
    left = processes.end([process.pid for process in ours if not process.is_shim])
    if left:
        raise fail("processes", f"{left} do not end", "restart this host")


class Supervisor:
    """Questions and orders to a running supervisord over its socket."""

    def __init__(self, layout: Layout) -> None:
        self._proxy = xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(layout.supervisor_socket))

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            self._proxy.supervisor.getState()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False
        return True

    def processes(self) -> list[ProcessInfo]:
        """All processes, in starting order; empty when the supervisor is not there."""
        try:
            infos: Any = self._proxy.supervisor.getAllProcessInfo()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return []
        return [
            ProcessInfo(
                str(info["name"]),
                str(info["statename"]),
                int(info["pid"]),
                max(0, int(info["now"]) - int(info["start"])),
                str(info["spawnerr"]),
            )
            for info in infos
        ]

    def start_now(self, name: str) -> None:
        """Start a process that waits for its next try; one that runs is left alone."""
        try:
            self._proxy.supervisor.startProcess(name, False)
        except xmlrpc.client.Fault:
            return

    def stop(self, name: str) -> None:
        """Stop a process, and keep it stopped."""
        try:
            self._proxy.supervisor.stopProcess(name, True)
        except (OSError, xmlrpc.client.Error):
            return

    def shut_down(self) -> None:
        """Ask supervisord to stop everything and end."""
        try:
            self._proxy.supervisor.shutdown()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=RPC_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(RPC_SECONDS)
        self.sock.connect(str(self._path))


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _UnixConnection(self._path)
