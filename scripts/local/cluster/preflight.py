"""Everything that would keep the cluster from working on this host, found at once and before anything is changed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from aigc.catalog.faults import Fault
from scripts.local.cluster import layout as at
from scripts.local.cluster.host_facts import CAP_NET_ADMIN, CAP_SYS_ADMIN, CgroupVersion, HostFacts

COLD_GIB = 15.0
"""Go's module and build caches of all components, the packages, the images and their unpacked snapshots."""
WARM_GIB = 5.0
RUNNING_GIB = 1.0
MEMORY_GIB = 3.0
"""Control plane 1.5, the platform's pods 0.7, a small model 0.5."""
CONTROLLERS = {"cpu", "cpuset", "memory", "pids"}
"""Names that both versions of control groups know."""
OWN_CLUSTER = "or use a cluster of your own with --kubeconfig and --context"


@dataclass(frozen=True)
class Situation:
    """What there is of us on this host already."""

    is_ours: bool
    """A cluster of ours is up, or half up: its bridge, routes and ports are no collision."""
    cache_is_warm: bool
    state_dir: str
    cache_dir: str


def faults_of(facts: HostFacts, situation: Situation) -> list[Fault]:
    """Every fault; pure."""
    return [
        *_host(facts),
        *_cgroups(facts),
        *_resources(facts, situation),
        *_ports(facts),
        *_network(facts, situation),
    ]


def _host(facts: HostFacts) -> Iterator[Fault]:
    if facts.system != "Linux":
        yield Fault("operating system", f"is {facts.system}; nodes run on Linux", f"use a Linux machine, {OWN_CLUSTER}")
    if facts.machine != "x86_64":
        way_out = f"use an x86-64 machine, {OWN_CLUSTER}"
        yield Fault("processor", f"is {facts.machine}; the model server's wheel is built for x86_64", way_out)
    if not facts.is_root:
        yield Fault("user", "is not root; a node needs namespaces, mounts and firewall rules", "run it with sudo")
    elif not (facts.can(CAP_SYS_ADMIN) and facts.can(CAP_NET_ADMIN)):
        way_out = f"run it outside this container or with --privileged, {OWN_CLUSTER}"
        yield Fault("capabilities", "root lacks CAP_SYS_ADMIN or CAP_NET_ADMIN here", way_out)
    if facts.system == "Linux" and not facts.has_bridge_netfilter:
        way_out = "install the kernel's modules (package linux-image), then restart"
        yield Fault("kernel", "has no br_netfilter: Services would not reach pods on the same bridge", way_out)


def _cgroups(facts: HostFacts) -> Iterator[Fault]:
    if facts.system != "Linux":
        return
    if facts.cgroup is CgroupVersion.NONE:
        way_out = "mount it: mount -t cgroup2 none /sys/fs/cgroup"
        yield Fault("/sys/fs/cgroup", "no control groups are mounted", way_out)
        return
    if missing := CONTROLLERS - facts.controllers:
        way_out = f"enable them (kernel parameter cgroup_enable=…), {OWN_CLUSTER}"
        yield Fault("/sys/fs/cgroup", f"lacks the controllers {', '.join(sorted(missing))}", way_out)


def _resources(facts: HostFacts, situation: Situation) -> Iterator[Fault]:
    warm = RUNNING_GIB if situation.is_ours else WARM_GIB
    wanted = [(situation.state_dir, facts.free_disk_gib, warm, "images and state")]
    if not situation.cache_is_warm:
        wanted.append((situation.cache_dir, facts.free_cache_gib, COLD_GIB, "the first build"))
    for place, free, need, purpose in wanted:
        if free < need:
            problem = f"{free:.1f} GiB are free, {need:.0f} GiB are needed for {purpose}"
            way_out = "free some space"
            if place == situation.cache_dir:
                way_out += ", or set AIGC_CACHE_DIR to a folder on a larger disk"
            yield Fault(place, problem, way_out)
    if not situation.is_ours and facts.memory_gib < MEMORY_GIB:
        problem = f"{facts.memory_gib:.1f} GiB are available, {MEMORY_GIB:.0f} GiB are needed"
        yield Fault("memory", problem, f"end other programs, {OWN_CLUSTER}")


def _ports(facts: HostFacts) -> Iterator[Fault]:
    for port in at.PORTS:
        holder = next((x for x in facts.listeners if not x.is_ours and x.blocks(port.address, port.number)), None)
        if holder is not None:
            who = holder.process if holder.pid is None else f"{holder.process} (pid {holder.pid})"
            where = f"port {port.number} on {port.address}"
            problem = f"is taken by {who}, which listens on {holder.address} ({holder.protocol}); {port.owner} needs it"
            yield Fault(where, problem, "stop that process, or bind it to another address")


def _network(facts: HostFacts, situation: Situation) -> Iterator[Fault]:
    if at.BRIDGE in facts.interfaces and not situation.is_ours:
        problem = "exists, and no cluster of ours made it"
        yield Fault(f"interface {at.BRIDGE}", problem, f"remove it: ip link delete {at.BRIDGE}")
    for cidr, purpose in ((at.POD_CIDR, "pods"), (at.SERVICE_CIDR, "Services")):
        ours = ipaddress.ip_network(cidr)
        for route in facts.routes:
            if route.interface != at.BRIDGE and ipaddress.ip_network(route.network, strict=False).overlaps(ours):
                problem = f"overlaps {cidr}, the addresses of {purpose}"
                way_out = f"take that route or interface down while the cluster is up, {OWN_CLUSTER}"
                yield Fault(f"route {route.network} on {route.interface}", problem, way_out)
