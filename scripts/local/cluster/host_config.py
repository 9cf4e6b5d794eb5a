"""From what a host is like to how the processes on it are configured: one pure function, tested as a table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scripts.local.cluster.host_facts import CAP_SYS_RESOURCE, CgroupVersion, Firewall, HostFacts

MEMORY_FLOOR_GIB = 4.0


class CgroupDriver(StrEnum):
    """Who makes the groups of pods."""

    SYSTEMD = "systemd"
    CGROUPFS = "cgroupfs"


@dataclass(frozen=True)
class HostConfig:
    """What differs between hosts in the configuration of the cluster."""

    cgroup_driver: CgroupDriver
    cgroup_root: str
    """Under which group pods live; empty for the kubelet's default."""
    fail_cgroup_v1: bool
    enforce_node_allocatable: tuple[str, ...]
    restrict_oom_score_adj: bool
    snapshotter: str
    firewall: Firewall
    system_reserved_memory_mib: int
    """Kept from pods for the processes of the cluster itself and of the host."""


def configure(facts: HostFacts) -> HostConfig:
    """Decide. Facts that make a cluster impossible are preflight's matter, not this function's."""
    on_v1 = facts.cgroup in (CgroupVersion.V1, CgroupVersion.HYBRID)
    # systemd owns the tree where it is process 1: groups made behind its back may lose their controllers at any reload.
    driver = CgroupDriver.SYSTEMD if facts.init == "systemd" and not on_v1 else CgroupDriver.CGROUPFS
    return HostConfig(
        cgroup_driver=driver,
        cgroup_root="" if driver is CgroupDriver.SYSTEMD else "/aigc",
        fail_cgroup_v1=not on_v1,
        # Setting a memory limit on the group of all pods needs a delegated v2 tree; on v1 the root group refuses it.
        enforce_node_allocatable=() if on_v1 else ("pods",),
        # Without the capability no process may lower its score: runc's child dies and every sandbox fails with it.
        restrict_oom_score_adj=not facts.can(CAP_SYS_RESOURCE),
        snapshotter="overlayfs" if "overlay" in facts.filesystems else "native",
        # nft is what distributions use today; legacy only where the kernel takes nothing else.
        firewall=Firewall.LEGACY if facts.firewalls == {Firewall.LEGACY} else Firewall.NFT,
        system_reserved_memory_mib=1024 if facts.memory_gib >= MEMORY_FLOOR_GIB else 512,
    )
