"""A connection out of a pod's own network namespace, by a short-lived process of the host."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TIMEOUT_SECONDS = 10
_TCP = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5).close()
except ConnectionRefusedError:
    print("refused")
else:
    print("connected")
"""
_UDP = """
import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (sys.argv[1], int(sys.argv[2])))
print("sent")
"""


def connect_from(pod_uid: str, address: str, port: int, protocol: str = "TCP") -> str:
    """Open a connection as that pod would; "connected" or "refused", or "sent" over UDP. Needs root."""
    program = _TCP if protocol == "TCP" else _UDP
    inside = ["nsenter", f"--net=/proc/{_process_of(pod_uid)}/ns/net"]
    command = [*inside, sys.executable, "-I", "-c", program, address, str(port)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_SECONDS)
    return done.stdout.strip()


def _process_of(pod_uid: str) -> int:
    """Any process of a pod: the kubelet names each pod's control group after its uid, systemd's driver with `_`."""
    names = (f"pod{pod_uid}", f"pod{pod_uid.replace('-', '_')}")
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            groups = (entry / "cgroup").read_text()
        except OSError:
            continue  # it has ended meanwhile
        if any(name in groups for name in names):
            return int(entry.name)
    raise RuntimeError(f"no process of the pod with uid {pod_uid} runs on this host")
