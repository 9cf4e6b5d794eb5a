"""The bridge, its routes and the firewall: made by `up`, removed by `down`, and no rule of anyone else touched."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from scripts.local.cluster import layout as at
from scripts.local.cluster.host_facts import Firewall

TABLES = ("nat", "filter", "mangle", "raw")
FAMILIES = ("iptables", "ip6tables")
LOCK_SECONDS = "10"
ACCEPTS = (
    # Hosts with ufw, firewalld or Docker drop what is forwarded or comes in by default.
    ("FORWARD", "AIGC-FORWARD", (("-i", at.BRIDGE), ("-o", at.BRIDGE))),
    ("INPUT", "AIGC-INPUT", (("-i", at.BRIDGE, "-s", at.POD_CIDR),)),
)


class Network:
    """Commands of one folder of tools; where a tool is missing there, the host's own."""

    def __init__(self, bin_dir: Path | None) -> None:
        self.bin_dir = bin_dir

    def find(self, name: str) -> str | None:
        """Path of a tool."""
        if self.bin_dir is not None and (self.bin_dir / name).exists():
            return str(self.bin_dir / name)
        return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")

    def ip(self, *arguments: str) -> str:
        """Run `ip`; raises when it fails."""
        command = [self.find("ip") or "ip", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def ensure_bridge(self) -> None:
        """Make the bridge with the node's address, and a route for Services that never leaves this host."""
        if not link_exists(at.BRIDGE):
            self.ip("link", "add", at.BRIDGE, "address", at.BRIDGE_MAC, "type", "bridge")
        self.ip("link", "set", at.BRIDGE, "up")
        self.ip("address", "replace", f"{at.NODE_IP}/16", "dev", at.BRIDGE)
        self.ip("route", "replace", at.SERVICE_CIDR, "dev", at.BRIDGE, "src", at.NODE_IP)

    def ensure_accepts(self, flavour: Firewall) -> None:
        """Let the traffic of pods through whatever firewall the host has."""
        for base, chain, rules in ACCEPTS:
            self._iptables(flavour, "-N", chain)
            for rule in rules:
                if not self._iptables(flavour, "-C", chain, *rule, "-j", "ACCEPT"):
                    self._iptables(flavour, "-A", chain, *rule, "-j", "ACCEPT")
            if not self._iptables(flavour, "-C", base, "-j", chain):
                self._iptables(flavour, "-I", base, "1", "-j", chain)

    def remove_links(self) -> None:
        """Take away the bridge and every interface that hangs on it."""
        for name in bridge_ports():
            subprocess.run([self.find("ip") or "ip", "link", "delete", name], capture_output=True, check=False)
        if link_exists(at.BRIDGE):
            self.ip("link", "delete", at.BRIDGE)

    def remove_chains(self) -> None:
        """Delete our chains and the rules that jump to them, in both flavours and families; nothing else is touched."""
        for save, restore in self._savers():
            dump = subprocess.run([save], capture_output=True, text=True, check=False)
            if dump.returncode != 0:
                continue
            script = removal_script(dump.stdout)
            if script:
                command = [restore, "-w", LOCK_SECONDS, "--noflush"]
                subprocess.run(command, input=script, text=True, capture_output=True, check=True)

    def chains(self) -> list[str]:
        """Our chains that are there, each with its tool and table."""
        found = []
        for save, _ in self._savers():
            dump = subprocess.run([save], capture_output=True, text=True, check=False)
            found += [f"{Path(save).name} {table} {chain}" for table, chain in own_chains(dump.stdout)]
        return found

    def foreign_cluster(self) -> bool:
        """Whether chains of a Kubernetes or a CNI are here without ours: another cluster's, not to be touched."""
        chains = self.chains()
        return bool(chains) and not any(chain.endswith(at.OWN_CHAINS) for chain in chains)

    def _savers(self) -> Iterator[tuple[str, str]]:
        for family in FAMILIES:
            for flavour in Firewall:
                save, restore = (self.find(f"{family}-{flavour}-{verb}") for verb in ("save", "restore"))
                if save and restore and _kernel_has(family, flavour):
                    yield save, restore

    def _iptables(self, flavour: Firewall, *arguments: str) -> bool:
        command = [self.find(f"iptables-{flavour}") or "iptables", "-w", LOCK_SECONDS, *arguments]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def link_exists(name: str) -> bool:
    """Whether there is an interface of that name."""
    return Path("/sys/class/net", name).exists()


def bridge_ports() -> list[str]:
    """Interfaces on our bridge."""
    folder = Path("/sys/class/net", at.BRIDGE, "brif")
    return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []


def own_chains(dump: str) -> list[tuple[str, str]]:
    """Our chains in the output of iptables-save, as (table, chain)."""
    found, table = [], ""
    for line in dump.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":") and (chain := line[1:].split()[0]).startswith(at.IPTABLES_CHAIN_PREFIXES):
            found.append((table, chain))
    return found


def removal_script(dump: str) -> str:
    """Input for iptables-restore --noflush that deletes our chains and the jumps to them, table by table; pure."""
    ours = own_chains(dump)
    parts = []
    for table in dict.fromkeys(table for table, _ in ours):
        chains = [chain for t, chain in ours if t == table]
        jumps = [f"-D {rule}" for rule in _foreign_jumps(dump, table, frozenset(chains))]
        # Flushed first, all of them: a chain that another still jumps to cannot be deleted.
        flushes = [f"-F {chain}" for chain in chains]
        parts += [f"*{table}", *jumps, *flushes, *(f"-X {chain}" for chain in chains), "COMMIT"]
    return "\n".join(parts) + "\n" if parts else ""


def _foreign_jumps(dump: str, table: str, chains: frozenset[str]) -> Iterator[str]:
    current = ""
    for line in dump.splitlines():
        if line.startswith("*"):
            current = line[1:].strip()
        elif current == table and line.startswith("-A "):
            words = shlex.split(line)
            target = next((words[i + 1] for i, word in enumerate(words) if word in ("-j", "-g")), "")
            if target in chains and words[1] not in chains:
                yield line[3:]


def _kernel_has(family: str, flavour: Firewall) -> bool:
    """Whether asking would find tables: `iptables-legacy-save` on a kernel without them would load modules."""
    if flavour is Firewall.NFT:
        return True
    names = Path("/proc/net", "ip_tables_names" if family == "iptables" else "ip6_tables_names")
    try:
        return bool(names.read_text().strip())
    except OSError:
        return False
