"""Every fault of a host is named with its way out, all at once, and a host that is fine has none."""

from dataclasses import replace
from typing import Any

import pytest

from scripts.local.cluster.host_facts import CAP_SYS_ADMIN, CgroupVersion, Route
from scripts.local.cluster.layout import BRIDGE, PORTS
from scripts.local.cluster.preflight import Situation, faults_of
from scripts.local.cluster.sockets import Listener
from tests.pure.local.test_host_config import ALL_CAPABILITIES, DEBIAN_12, SANDBOX

ANY = "0.0.0.0"  # noqa: S104 - what another process is bound to
FRESH = Situation(is_ours=False, cache_is_warm=False, state_dir="/var/lib/x", cache_dir="/cache")
WARM = replace(FRESH, cache_is_warm=True)
OURS = replace(WARM, is_ours=True)


def listener(address: str, port: int, **more: Any) -> Listener:
    return Listener("tcp", address, port, more.pop("pid", 4711), more.pop("process", "dnsmasq"), **more)


@pytest.mark.parametrize("facts", [DEBIAN_12, SANDBOX])
@pytest.mark.parametrize("situation", [FRESH, WARM, OURS])
def test_a_host_that_is_fine_has_no_fault(facts: Any, situation: Situation) -> None:
    assert faults_of(facts, situation) == []


@pytest.mark.parametrize(
    ("change", "where", "problem"),
    [
        ({"system": "Darwin"}, "operating system", "Darwin"),
        ({"machine": "aarch64"}, "processor", "aarch64"),
        ({"is_root": False}, "user", "not root"),
        ({"capabilities": ALL_CAPABILITIES & ~(1 << CAP_SYS_ADMIN)}, "capabilities", "CAP_SYS_ADMIN"),
        ({"has_bridge_netfilter": False}, "kernel", "br_netfilter"),
        ({"cgroup": CgroupVersion.NONE, "controllers": frozenset()}, "/sys/fs/cgroup", "no control groups"),
        ({"controllers": frozenset({"cpu", "cpuset", "pids"})}, "/sys/fs/cgroup", "memory"),
        ({"free_disk_gib": 4.9}, "/var/lib/x", "4.9 GiB are free, 5 GiB are needed"),
        ({"free_cache_gib": 14.9}, "/cache", "14.9 GiB are free, 15 GiB are needed"),
        ({"memory_gib": 2.0}, "memory", "3 GiB are needed"),
        ({"listeners": (listener(ANY, 53),)}, "port 53 on 10.217.0.1", "dnsmasq (pid 4711)"),
        ({"listeners": (listener("::", 12379, process="etcd"),)}, "port 12379 on 127.0.0.1", "etcd (pid 4711)"),
        ({"interfaces": frozenset({BRIDGE})}, f"interface {BRIDGE}", "no cluster of ours"),
        ({"routes": (Route("10.0.0.0/8", "tun0"),)}, "route 10.0.0.0/8 on tun0", "10.217.0.0/16"),
        ({"routes": (Route("10.96.7.0/24", "wg0"),)}, "route 10.96.7.0/24 on wg0", "10.96.0.0/16"),
    ],
)
def test_each_fault_is_named_with_its_way_out(change: dict[str, Any], where: str, problem: str) -> None:
    found = [fault for fault in faults_of(replace(DEBIAN_12, **change), FRESH) if fault.where == where]
    assert found, f"no fault at {where}"
    assert problem in found[0].problem
    assert found[0].way_out


def test_all_faults_are_found_at_once() -> None:
    facts = replace(DEBIAN_12, is_root=False, free_cache_gib=1.0, memory_gib=1.0, listeners=(listener("::", 16443),))
    assert {fault.where for fault in faults_of(facts, FRESH)} == {
        "user",
        "/cache",
        "memory",
        "port 16443 on 10.217.0.1",
    }


def test_our_own_running_cluster_is_no_collision() -> None:
    facts = replace(
        DEBIAN_12,
        interfaces=frozenset({"lo", BRIDGE}),
        routes=(Route("10.217.0.0/16", BRIDGE), Route("10.96.0.0/16", BRIDGE)),
        listeners=tuple(listener(port.address, port.number, is_ours=True) for port in PORTS),
        memory_gib=1.0,
        free_disk_gib=2.0,
    )
    assert faults_of(facts, OURS) == []


@pytest.mark.parametrize("address", ["127.0.0.53", "192.168.1.7"])
def test_the_same_port_on_another_address_is_no_collision(address: str) -> None:
    assert faults_of(replace(DEBIAN_12, listeners=(listener(address, 53),)), WARM) == []


def test_a_holder_that_cannot_be_seen_is_still_a_fault() -> None:
    hidden = Listener("tcp", ANY, 10250, None, "a process we may not see")
    (fault,) = faults_of(replace(DEBIAN_12, listeners=(hidden,)), WARM)
    assert "a process we may not see" in fault.problem
