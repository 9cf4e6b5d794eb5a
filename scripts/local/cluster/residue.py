"""What of us is still on this host: `down` must leave an empty answer, and tests ask."""

from __future__ import annotations

from pathlib import Path

from scripts.local.cluster import cgroups, host_before, mounts, processes
from scripts.local.cluster import layout as at
from scripts.local.cluster.host_before import HostBefore
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.network import Network, bridge_ports, link_exists

OURS_WHEN_ABSENT_BEFORE = ("/var/lib/kubelet", "/var/lib/cni")
"""Others of these folders may by now hold something of a daemon that was installed while we were up."""


def residue(layout: Layout | None = None, before: HostBefore | None = None, bin_dir: Path | None = None) -> list[str]:
    """Everything of ours that is there now, in words.

    Args:
        layout: where to look.
        before: the host's state before `up`, as `host_before.snapshot` gave it: adds the
            sysctls and folders that differ from it.
        bin_dir: where iptables is, when the host has none of its own.
    """
    layout = layout or Layout()
    ours = {process.pid: process.name for process in processes.owned(layout)}
    inside = set(processes.contained(layout)) | set(cgroups.members())
    found = [f"process {pid} ({name})" for pid, name in ours.items()]
    found += [f"process {pid} in a pod" for pid in sorted(inside - ours.keys())]
    found += [f"mount {point}" for point in mounts.under(layout.root)]
    found += [f"link {name}" for name in (at.BRIDGE, *bridge_ports()) if link_exists(name)]
    found += [f"chain {chain}" for chain in Network(bin_dir).chains()]
    found += [f"control group {group}" for group in cgroups.groups()]
    found += [f"folder {layout.root}"] if layout.root.exists() else []
    if before is not None:
        found += [f"sysctl {name} is not {value}" for name, value in host_before.differing_sysctls(before).items()]
        found += [f"folder {folder}" for folder in before.folders_absent if _is_ours(Path(folder))]
    return found


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and (str(folder) in OURS_WHEN_ABSENT_BEFORE or not any(folder.iterdir()))
