"""Host facts -> configuration, as a table of the kinds of hosts there are."""

from dataclasses import replace

import pytest

from scripts.local.cluster.host_config import CgroupDriver, HostConfig, configure
from scripts.local.cluster.host_facts import (
    CAP_SYS_RESOURCE,
    CgroupVersion,
    Firewall,
    HostFacts,
    Route,
    parse_routes,
)

ALL_CAPABILITIES = (1 << 41) - 1
V1_CONTROLLERS = frozenset({"cpu", "cpuacct", "cpuset", "memory", "pids", "devices", "freezer", "blkio"})
DEBIAN_12 = HostFacts(
    system="Linux",
    machine="x86_64",
    is_root=True,
    init="systemd",
    cgroup=CgroupVersion.V2,
    controllers=frozenset({"cpu", "cpuset", "io", "memory", "pids"}),
    capabilities=ALL_CAPABILITIES,
    filesystems=frozenset({"ext4", "overlay", "tmpfs"}),
    has_bridge_netfilter=True,
    firewalls=frozenset({Firewall.NFT, Firewall.LEGACY}),
    free_disk_gib=50.0,
    free_cache_gib=50.0,
    memory_gib=16.0,
    listeners=(),
    interfaces=frozenset({"lo", "eth0"}),
    routes=(Route("192.168.1.0/24", "eth0"),),
)
SANDBOX = replace(
    DEBIAN_12,
    init="process_api",
    cgroup=CgroupVersion.HYBRID,
    controllers=V1_CONTROLLERS,
    capabilities=ALL_CAPABILITIES & ~(1 << CAP_SYS_RESOURCE),
)
ON_SYSTEMD = HostConfig(
    cgroup_driver=CgroupDriver.SYSTEMD,
    cgroup_root="",
    fail_cgroup_v1=True,
    enforce_node_allocatable=("pods",),
    restrict_oom_score_adj=False,
    snapshotter="overlayfs",
    firewall=Firewall.NFT,
    system_reserved_memory_mib=1024,
)
ON_CGROUPFS = replace(ON_SYSTEMD, cgroup_driver=CgroupDriver.CGROUPFS, cgroup_root="/aigc")
ON_V1 = replace(ON_CGROUPFS, fail_cgroup_v1=False, enforce_node_allocatable=())


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(DEBIAN_12, ON_SYSTEMD, id="Debian 12, systemd, cgroup v2"),
        pytest.param(SANDBOX, replace(ON_V1, restrict_oom_score_adj=True), id="sandbox, hybrid, no CAP_SYS_RESOURCE"),
        pytest.param(replace(SANDBOX, cgroup=CgroupVersion.V1, capabilities=ALL_CAPABILITIES), ON_V1, id="pure v1"),
        pytest.param(
            replace(DEBIAN_12, cgroup=CgroupVersion.V1, controllers=V1_CONTROLLERS), ON_V1, id="systemd on cgroup v1"
        ),
        pytest.param(replace(DEBIAN_12, init="runit"), ON_CGROUPFS, id="cgroup v2 without systemd"),
        pytest.param(replace(DEBIAN_12, firewalls=frozenset({Firewall.NFT})), ON_SYSTEMD, id="nft only"),
        pytest.param(
            replace(DEBIAN_12, firewalls=frozenset({Firewall.LEGACY})),
            replace(ON_SYSTEMD, firewall=Firewall.LEGACY),
            id="legacy only",
        ),
        pytest.param(
            replace(DEBIAN_12, filesystems=frozenset({"ext4"})),
            replace(ON_SYSTEMD, snapshotter="native"),
            id="no overlay",
        ),
        pytest.param(
            replace(DEBIAN_12, capabilities=0), replace(ON_SYSTEMD, restrict_oom_score_adj=True), id="no capabilities"
        ),
        pytest.param(
            replace(DEBIAN_12, memory_gib=3.5), replace(ON_SYSTEMD, system_reserved_memory_mib=512), id="small memory"
        ),
    ],
)
def test_configuration_follows_from_facts(facts: HostFacts, expected: HostConfig) -> None:
    assert configure(facts) == expected


def test_routes_are_read_in_the_byte_order_of_the_machine() -> None:
    table = (
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "aigc0\t0000D90A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
        "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    )
    assert parse_routes(table) == (Route("10.217.0.0/16", "aigc0"), Route("192.0.2.0/24", "eth0"))
