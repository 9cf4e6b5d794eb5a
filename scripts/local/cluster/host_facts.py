"""What this host is like, collected once: all that set-up decides on is a field here, so decisions are testable."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from scripts.local.cluster import modules
from scripts.local.cluster.sockets import Listener, listeners

CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_SYS_RESOURCE = 12, 21, 24
CGROUP_ROOT = Path("/sys/fs/cgroup")
PROBE_CHAIN = "AIGC-PROBE"
PROBE_RULES = (
    "-m comment --comment probe -m statistic --mode random --probability 0.5 -j MARK --or-mark 0x4000",
    "-m addrtype --dst-type LOCAL -j RETURN",
    "-m conntrack --ctstate INVALID -j RETURN",
    "-p tcp -m tcp -j DNAT --to-destination 127.0.0.1:1",
    "-m mark --mark 0x4000/0x4000 -j MASQUERADE",
)
"""The matches and targets that kube-proxy and the CNI plugins use; a kernel with empty tables may still lack one."""


class CgroupVersion(StrEnum):
    """How /sys/fs/cgroup is mounted."""

    V1 = "v1"
    HYBRID = "hybrid"
    V2 = "v2"
    NONE = "none"


class Firewall(StrEnum):
    """A flavour of iptables."""

    NFT = "nft"
    LEGACY = "legacy"


@dataclass(frozen=True)
class Route:
    """One IPv4 route."""

    network: str
    """As `10.0.0.0/8`; the default route is not listed."""
    interface: str


@dataclass(frozen=True)
class HostFacts:
    """Everything about a host that the local cluster depends on."""

    system: str
    machine: str
    is_root: bool
    init: str
    """Name of process 1."""
    cgroup: CgroupVersion
    controllers: frozenset[str]
    capabilities: int
    filesystems: frozenset[str]
    has_bridge_netfilter: bool
    """In the kernel, or a module that it can load."""
    firewalls: frozenset[Firewall]
    """Flavours the kernel accepts; empty when no tools were given to try them."""
    free_disk_gib: float
    """On the filesystem of the state folder."""
    free_cache_gib: float
    """On the filesystem of the cache."""
    memory_gib: float
    listeners: tuple[Listener, ...]
    interfaces: frozenset[str]
    routes: tuple[Route, ...]

    def can(self, capability: int) -> bool:
        """Whether we hold a capability, by its number in capabilities(7)."""
        return bool(self.capabilities >> capability & 1)


def collect(state_dir: Path, cache: Path, tools: Path | None = None) -> HostFacts:
    """Look at this host; with a folder of tools also ask the kernel which firewall it accepts."""
    cgroup, controllers = _cgroups(CGROUP_ROOT)
    return HostFacts(
        system=platform.system(),
        machine=platform.machine(),
        is_root=os.geteuid() == 0,
        init=_read("/proc/1/comm").strip(),
        cgroup=cgroup,
        controllers=controllers,
        capabilities=_capabilities(_read("/proc/self/status")),
        filesystems=frozenset(line.split()[-1] for line in _read("/proc/filesystems").splitlines() if line.strip()),
        has_bridge_netfilter=modules.present(modules.BRIDGE_NETFILTER) or modules.loadable(modules.BRIDGE_NETFILTER),
        firewalls=frozenset(f for f in Firewall if tools is not None and _accepts(tools, f)),
        free_disk_gib=_free_gib(state_dir),
        free_cache_gib=_free_gib(cache),
        memory_gib=_memory_gib(_read("/proc/meminfo")),
        listeners=tuple(listeners()),
        interfaces=_interfaces(),
        routes=parse_routes(_read("/proc/net/route")),
    )


def parse_routes(table: str) -> tuple[Route, ...]:
    """Read /proc/net/route, whose numbers are hexadecimal and in the byte order of the machine."""
    routes = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8 or fields[1] == "00000000":
            continue
        address = ".".join(str(byte) for byte in bytes.fromhex(fields[1])[::-1])
        routes.append(Route(f"{address}/{int(fields[7], 16).bit_count()}", fields[0]))
    return tuple(routes)


def _cgroups(root: Path) -> tuple[CgroupVersion, frozenset[str]]:
    unified = root / "cgroup.controllers"
    if unified.exists():
        return CgroupVersion.V2, frozenset(_read(unified).split())
    mounts = [line.split() for line in _read("/proc/self/mounts").splitlines()]
    options = {option for m in mounts if m[2] == "cgroup" for option in m[3].split(",")}
    known = {line.split()[0] for line in _read("/proc/cgroups").splitlines()[1:]}
    controllers = frozenset(options & known)
    if not controllers:
        return CgroupVersion.NONE, controllers
    hybrid = any(m[2] == "cgroup2" for m in mounts)
    return (CgroupVersion.HYBRID if hybrid else CgroupVersion.V1), controllers


def _capabilities(status: str) -> int:
    line = next((line for line in status.splitlines() if line.startswith("CapEff:")), "CapEff: 0")
    return int(line.split()[1], 16)


def _accepts(tools: Path, flavour: Firewall) -> bool:
    """Try the rules that will be needed in a chain of our own that nothing jumps to."""
    iptables = tools / f"iptables-{flavour}"
    if not iptables.exists():
        return False

    def ran(*arguments: str) -> bool:
        command = [str(iptables), "-w", "5", "-t", "nat", *arguments]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    ran("-N", PROBE_CHAIN)
    fine = all(ran("-A", PROBE_CHAIN, *rule.split()) for rule in PROBE_RULES)
    ran("-F", PROBE_CHAIN)
    return ran("-X", PROBE_CHAIN) and fine


def _interfaces() -> frozenset[str]:
    folder = Path("/sys/class/net")
    return frozenset(entry.name for entry in folder.iterdir()) if folder.is_dir() else frozenset()


def _memory_gib(meminfo: str) -> float:
    line = next((line for line in meminfo.splitlines() if line.startswith("MemAvailable:")), "MemAvailable: 0 kB")
    return int(line.split()[1]) / 2**20


def _free_gib(path: Path) -> float:
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free / 2**30


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
