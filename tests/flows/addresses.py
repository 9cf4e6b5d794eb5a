"""Whose an address is: a pod with its labels, a node, or nobody's in the cluster, as the API server says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.flows.connections import Connection
from tests.flows.evaluator import Peer

POLL_SECONDS = 0.5
"""A pod lives for longer than that: it takes a second to start its containers."""


@dataclass(frozen=True)
class Flow:
    """A connection between ends that have names."""

    source: Peer
    target: Peer
    port: int
    protocol: str
    words: str
    """For a person: who asked whom."""


class AddressBook:
    """Pods by address, also those that have gone meanwhile: their connections were recorded too."""

    def __init__(self, core: Any, discovery: Any) -> None:
        self._core = core
        self._discovery = discovery
        self._pods: dict[str, tuple[str, Peer]] = {}
        self.nodes = frozenset(
            address.address for node in core.list_node().items for address in node.status.addresses or []
        )
        self._namespaces = {item.metadata.name: item.metadata.labels or {} for item in core.list_namespace().items}

    def look(self) -> None:
        """Add the pods that are there now.

        Raises:
            RuntimeError: an address was given to a second pod, so that a connection cannot be told whose it was.
        """
        for pod in self._core.list_pod_for_all_namespaces().items:
            if not pod.status.pod_ip or pod.spec.host_network or pod.status.phase in {"Succeeded", "Failed"}:
                continue
            name = f"{pod.metadata.namespace}/{pod.metadata.name}"
            known = self._pods.setdefault(pod.status.pod_ip, (name, self._peer(pod)))
            if known[0] != name:
                raise RuntimeError(f"{pod.status.pod_ip} was {known[0]} and is {name} now: record again")

    def flow(self, connection: Connection) -> Flow:
        """The same with names."""
        source, target = (self._named(address) for address in (connection.source, connection.target))
        words = f"{source[0]} -> {target[0]}:{connection.port}/{connection.protocol}"
        return Flow(source[1], target[1], connection.port, connection.protocol, words)

    def translated(self, connection: Connection) -> list[Connection]:
        """Connections to the pods behind a Service's address, for one that kube-proxy let through untranslated.

        It changes one table after the other, so for some milliseconds after the first pod of a Service is ready its
        address is neither refused nor replaced. Such a packet gets nowhere; judged is what was meant, to every pod
        behind the Service now, and nothing when there is none.
        """
        for service in self._core.list_service_for_all_namespaces().items:
            if service.spec.cluster_ip == connection.target:
                names = {
                    port.name
                    for port in service.spec.ports or []
                    if (port.port, port.protocol or "TCP") == (connection.port, connection.protocol)
                }
                return [
                    Connection(connection.protocol, connection.source, address, port)
                    for address, port in self._endpoints(service, names)
                ] or ([] if names else [connection])
        return [connection]

    def _endpoints(self, service: Any, port_names: set[str]) -> list[tuple[str, int]]:
        wanted = f"kubernetes.io/service-name={service.metadata.name}"
        slices = self._discovery.list_namespaced_endpoint_slice(service.metadata.namespace, label_selector=wanted).items
        return [
            (address, port.port)
            for piece in slices
            for port in piece.ports or []
            if port.name in port_names
            for endpoint in piece.endpoints or []
            for address in endpoint.addresses
        ]

    def knows(self, address: str) -> bool:
        """Whether a pod has or had that address."""
        return address in self._pods

    def pods(self) -> list[Peer]:
        """Every pod seen."""
        return [peer for _, peer in self._pods.values()]

    def _named(self, address: str) -> tuple[str, Peer]:
        where = "node" if address in self.nodes else "outside"
        return self._pods.get(address, (f"{where} {address}", Peer(address=address)))

    def _peer(self, pod: Any) -> Peer:
        ports = [port for container in pod.spec.containers for port in container.ports or []]
        return Peer(
            pod.metadata.namespace,
            dict(pod.metadata.labels or {}),
            pod.status.pod_ip,
            self._namespaces.get(pod.metadata.namespace, {}),
            {port.name: port.container_port for port in ports if port.name},
        )


@contextmanager
def keeping_up(book: AddressBook) -> Iterator[None]:
    """Look at the pods again and again while the block runs; what went wrong meanwhile is raised at its end."""
    done = threading.Event()
    faults: list[Exception] = []

    def keep_looking() -> None:
        while not done.is_set():
            try:
                book.look()
            except Exception as error:
                faults.append(error)
                return
            done.wait(POLL_SECONDS)

    book.look()
    thread = threading.Thread(target=keep_looking, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    book.look()
    if faults:
        raise faults[0]
