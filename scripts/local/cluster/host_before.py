"""What the host was like before us: saved before the first change, put back by `down`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scripts.local.cluster import modules
from scripts.local.cluster.layout import Layout

SYSCTLS_WE_SET = {
    "net/ipv4/ip_forward": "1",
    "net/bridge/bridge-nf-call-iptables": "1",
}
SYSCTLS_THEY_SET = (
    # The kubelet sets these at its start and puts none back.
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
    "net/bridge/bridge-nf-call-ip6tables",
    "net/ipv4/conf/all/route_localnet",
)
FOREIGN_FOLDERS = (
    # Paths compiled into the kubelet, containerd's shim and the CNI library.
    "/var/lib/kubelet/device-plugins",
    "/var/lib/kubelet/plugins_registry",
    "/var/lib/kubelet/plugins",
    "/var/lib/kubelet/pod-resources",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
    "/run/containerd/s",
    "/run/containerd/runc/k8s.io",
    "/run/containerd/runc",
    "/run/containerd",
    "/var/lib/cni/results",
    "/var/lib/cni",
    "/etc/cni/net.d",
    "/etc/cni",
    "/etc/containerd",
    "/opt/containerd/bin",
    "/opt/containerd/lib",
    "/opt/containerd",
    "/opt/cni",
    "/run/nri",
    "/run/netns",
)
"""Folders outside our own that the processes may make; children before their parents."""
PROC_SYS = Path("/proc/sys")


@dataclass(frozen=True)
class HostBefore:
    """The saved values."""

    sysctls: dict[str, str]
    folders_absent: tuple[str, ...]
    """Of the foreign folders, those that did not exist."""
    modules_absent: tuple[str, ...] = ()
    """Of the kernel modules we load, those that were not there."""


def save(layout: Layout, proc_sys: Path = PROC_SYS) -> HostBefore:
    """Write down the host's values, once; a later `up` must not take our own values for the host's."""
    if (known := load(layout)) is not None:
        return known
    return _write(layout, snapshot(proc_sys))


def renew(layout: Layout, proc_sys: Path = PROC_SYS) -> None:
    """After a restart of the host: its values are its own again, but folders that we made are still there."""
    known = load(layout)
    if known is not None:
        _write(layout, replace(snapshot(proc_sys), folders_absent=known.folders_absent))


def snapshot(proc_sys: Path = PROC_SYS) -> HostBefore:
    """The host's values now."""
    names = (*SYSCTLS_WE_SET, *SYSCTLS_THEY_SET)
    values = {name: value for name in names if (value := _read(proc_sys / name)) is not None}
    folders = tuple(folder for folder in FOREIGN_FOLDERS if not Path(folder).exists())
    return HostBefore(values, folders, modules.absent())


def load(layout: Layout) -> HostBefore | None:
    """The saved values, or None."""
    try:
        document = json.loads(layout.host_before.read_text())
    except (OSError, ValueError):
        return None
    return HostBefore(
        dict(document["sysctls"]), tuple(document["folders_absent"]), tuple(document.get("modules_absent", ()))
    )


def set_sysctls(proc_sys: Path = PROC_SYS) -> None:
    """Set what pods need to reach anything."""
    for name, value in SYSCTLS_WE_SET.items():
        if _read(proc_sys / name) not in (None, value):
            (proc_sys / name).write_text(value)


def differing_sysctls(before: HostBefore, proc_sys: Path = PROC_SYS) -> dict[str, str]:
    """Saved values that the host does not have now."""
    return {name: value for name, value in before.sysctls.items() if _read(proc_sys / name) not in (None, value)}


def restore_sysctls(before: HostBefore, proc_sys: Path = PROC_SYS) -> None:
    """Put the saved values back; one that the kernel no longer offers is no loss."""
    for name, value in differing_sysctls(before, proc_sys).items():
        (proc_sys / name).write_text(value)


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None


def _write(layout: Layout, before: HostBefore) -> HostBefore:
    layout.root.mkdir(parents=True, exist_ok=True, mode=0o755)
    partial = layout.host_before.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(before), indent=2))
    partial.rename(layout.host_before)
    return before
