"""Every connection that pods of this node open or take, as the kernel's connection tracking sees it.

Traffic between two pods stays on the bridge, but passes connection tracking all the same, because the cluster sets
`net.bridge.bridge-nf-call-iptables=1`. An AF_PACKET socket on the bridge would see neither end's address after
translation; a tracked connection knows both: the source as its pod has it (original direction) and the target after a
Service's address was replaced (reply direction), which is what a NetworkPolicy is judged by. Pods have IPv4 alone.
"""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import IO

BUFFER_BYTES = 8 * 2**20
"""For events that wait to be read; one is about 200 bytes, and a cold start makes some hundreds."""
HEARD_SECONDS = 10.0
_LOST = "losing events"
"""What conntrack-tools 1.4.7 writes to its standard error when the buffer ran over."""
_TUPLE = re.compile(r"src=(?P<source>\S+) dst=(?P<target>\S+) sport=(?P<source_port>\d+) dport=(?P<port>\d+)")
_PROTOCOL = re.compile(r"\b(tcp|udp|sctp)\s")


@dataclass(frozen=True)
class Connection:
    """Who asked whom: addresses are the pods' own, the port is the one that the target listens on."""

    protocol: str
    source: str
    target: str
    port: int


def connection_of(line: str) -> Connection | None:
    """One line of `conntrack -E` or `-L`; None for what has no ports, such as ICMP."""
    protocol = _PROTOCOL.search(line)
    tuples = list(_TUPLE.finditer(line))
    if protocol is None or len(tuples) != 2:
        return None
    original, reply = tuples
    # The target answers from its own address and port; the source is named as it sent, before any masquerading.
    return Connection(protocol[1].upper(), original["source"], reply["source"], int(reply["source_port"]))


class Recorder:
    """What `recording` yields: the distinct connections so far, in the order in which they were first seen."""

    def __init__(self, pod_network: str, node_addresses: Iterable[str]) -> None:
        self._network = ip_network(pod_network)
        self._nodes = frozenset(node_addresses)
        self._seen: dict[Connection, None] = {}
        self._lines = 0

    def read(self, lines: Iterable[str]) -> None:
        """Take in output of conntrack until it ends."""
        for line in lines:
            self._lines += 1
            found = connection_of(line)
            if found is not None and (self.is_pod(found.source) or self.is_pod(found.target)):
                self._seen.setdefault(found)

    def connections(self) -> list[Connection]:
        """Distinct connections with a pod at one end at least."""
        return list(self._seen)

    def heard(self) -> bool:
        """Whether the kernel has told anything yet, of pods or not."""
        return self._lines > 0

    def is_pod(self, address: str) -> bool:
        """Whether an address is in the pods' network and no node's."""
        return address not in self._nodes and ip_address(address) in self._network


@contextmanager
def recording(conntrack: str, pod_network: str, nodes: Iterable[str], listening: tuple[str, int]) -> Iterator[Recorder]:
    """Record new connections, and those that were open already, until the block ends; needs root.

    `listening` is an address and port to connect to, by which it is seen that recording has begun.

    Raises:
        RuntimeError: connections may be missing: recording did not begin, ended early or lost events.
    """
    recorder = Recorder(pod_network, nodes)
    # Only TCP is long-lived here, so what is open already is what is established.
    open_already = [conntrack, "-L", "-f", "ipv4", "-p", "tcp", "--state", "ESTABLISHED"]
    command = [conntrack, "-E", "-e", "NEW", "-f", "ipv4", "-b", str(BUFFER_BYTES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdout is not None and process.stderr is not None
        errors: list[str] = []
        readers = [_start(recorder.read, process.stdout), _start(errors.extend, process.stderr)]
        try:
            _wait_until_heard(recorder, listening, errors)
            listed = subprocess.run(open_already, capture_output=True, text=True, check=True)
            recorder.read(listed.stdout.splitlines())
            yield recorder
            if process.poll() is not None or any(_LOST in line for line in errors):
                raise RuntimeError(f"the recording of connections is not whole: {''.join(errors)}")
        finally:
            process.terminate()
            for reader in readers:
                reader.join()


def _start(read: Callable[[IO[str]], None], stream: IO[str]) -> threading.Thread:
    thread = threading.Thread(target=read, args=(stream,), daemon=True)
    thread.start()
    return thread


def _wait_until_heard(recorder: Recorder, listening: tuple[str, int], errors: list[str]) -> None:
    deadline = time.monotonic() + HEARD_SECONDS
    while not recorder.heard():
        if time.monotonic() > deadline:
            raise RuntimeError(f"conntrack told nothing within {HEARD_SECONDS} s: {''.join(errors)}")
        socket.create_connection(listening, timeout=HEARD_SECONDS).close()
        time.sleep(0.1)
