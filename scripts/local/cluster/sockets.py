"""Which process listens where, read from /proc, so that a port in use is named together with who holds it."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.local.cluster.processes import owned_pids

LISTEN = "0A"
UNCONNECTED_UDP = "07"
ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, never bound


@dataclass(frozen=True)
class Listener:
    """One listening socket."""

    protocol: str
    address: str
    port: int
    pid: int | None
    process: str
    is_ours: bool = False

    def blocks(self, address: str, port: int) -> bool:
        """Whether this socket keeps another process from listening there."""
        return self.port == port and (self.address == address or self.address in ANY)


def listeners(proc: Path = Path("/proc")) -> Iterator[Listener]:
    """Every TCP and UDP socket that waits for peers, with its process where we may see it."""
    holders = _holders(proc)
    ours = owned_pids(proc)
    for protocol, state in (("tcp", LISTEN), ("udp", UNCONNECTED_UDP)):
        for suffix in ("", "6"):
            for address, port, inode in _table(proc / "net" / f"{protocol}{suffix}", state):
                pid = holders.get(inode)
                yield Listener(protocol, address, port, pid, _name(proc, pid), pid in ours)


def decode_address(text: str) -> str:
    """Turn /proc/net's hexadecimal into an address: words of four bytes, each in the machine's (little) byte order."""
    raw = bytes.fromhex(text)
    ordered = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    address = ipaddress.ip_address(ordered)
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _table(path: Path, state: str) -> Iterator[tuple[str, int, str]]:
    try:
        lines = path.read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        fields = line.split()
        if len(fields) > 9 and fields[3] == state:
            address, _, port = fields[1].partition(":")
            yield decode_address(address), int(port, 16), fields[9]


def _holders(proc: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            with os.scandir(entry / "fd") as descriptors:
                for descriptor in descriptors:
                    target = os.readlink(descriptor.path)  # noqa: PTH115 - thousands of them: twice as fast
                    if target.startswith("socket:["):
                        found[target[8:-1]] = int(entry.name)
        except OSError:
            continue
    return found


def _name(proc: Path, pid: int | None) -> str:
    if pid is None:
        return "a process we may not see"
    try:
        return (proc / str(pid) / "comm").read_text().strip()
    except OSError:
        return "a process that just ended"
