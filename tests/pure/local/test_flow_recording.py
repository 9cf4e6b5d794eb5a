"""A recording that may lack something fails instead of being short, and an address is never given to the wrong pod."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes import client

from tests.flows import addresses, connections
from tests.flows.addresses import AddressBook, keeping_up
from tests.flows.connections import Connection, recording
from tests.flows.samples import DNS, POD_TO_POD

NODE = "10.217.0.1"


@pytest.fixture
def listening() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def conntrack(folder: Path, events: str) -> str:
    """A program that answers `-L` with one open connection, and `-E` by running a script."""
    program = folder / "conntrack"
    program.write_text(f"#!/bin/sh\nif [ $1 = -L ]; then echo '{DNS}'; exit; fi\n{events}\n")
    program.chmod(0o755)
    return str(program)


def recorded(program: str, listening: tuple[str, int]) -> list[Connection]:
    with recording(program, "10.217.0.0/16", [NODE], listening) as recorder:
        time.sleep(0.3)
        return recorder.connections()


def test_open_and_new_connections_are_both_recorded(tmp_path: Path, listening: tuple[str, int]) -> None:
    found = recorded(conntrack(tmp_path, f"echo '{POD_TO_POD}'; exec sleep 60"), listening)
    assert {connection.port for connection in found} == {53, 8013}


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (f"echo '{POD_TO_POD}'", "not whole"),
        (f"echo '{POD_TO_POD}'; echo 'WARNING: We are losing events.' >&2; exec sleep 60", "losing events"),
        ("echo 'conntrack v1.4.7: you need to be root' >&2; exec sleep 60", "need to be root"),
    ],
)
def test_a_recording_with_a_gap_fails(
    events: str, said: str, tmp_path: Path, listening: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEARD_SECONDS", 1.0)
    with pytest.raises(RuntimeError, match=said):
        recorded(conntrack(tmp_path, events), listening)


class FakeCore:
    """Pods by name and address; a list for each time that is asked, the last one for good."""

    def __init__(self, *looks: dict[str, str], host_network: bool = False) -> None:
        self.looks = list(looks)
        self.host_network = host_network

    def list_node(self) -> Any:
        address = client.V1NodeAddress(address=NODE, type="InternalIP")
        return SimpleNamespace(items=[client.V1Node(status=client.V1NodeStatus(addresses=[address]))])

    def list_namespace(self) -> Any:
        return SimpleNamespace(items=[])

    def list_pod_for_all_namespaces(self) -> Any:
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return SimpleNamespace(items=[self._pod(name, address) for name, address in look.items()])

    def list_service_for_all_namespaces(self) -> Any:
        ports = [client.V1ServicePort(name="http", port=80), client.V1ServicePort(name="dns", port=53, protocol="UDP")]
        services = [
            client.V1Service(
                metadata=client.V1ObjectMeta(name=name, namespace="models"),
                spec=client.V1ServiceSpec(cluster_ip=address, ports=ports),
            )
            for name, address in (("gpt-private", "10.96.90.37"), ("empty", "10.96.90.38"))
        ]
        return SimpleNamespace(items=services)

    def list_namespaced_endpoint_slice(self, namespace: str, label_selector: str) -> Any:
        """As the API that knows what is behind a Service."""
        if (namespace, label_selector) != ("models", "kubernetes.io/service-name=gpt-private"):
            return SimpleNamespace(items=[])
        ports = [
            client.DiscoveryV1EndpointPort(name="http", port=8013),
            client.DiscoveryV1EndpointPort(name="x", port=1),
        ]
        ends = [client.V1Endpoint(addresses=["10.217.0.12"]), client.V1Endpoint(addresses=["10.217.0.13"])]
        return SimpleNamespace(items=[client.V1EndpointSlice(address_type="IPv4", ports=ports, endpoints=ends)])

    def _pod(self, name: str, address: str) -> Any:
        port = client.V1ContainerPort(name="http", container_port=8080)
        containers = [client.V1Container(name="main", ports=[port])]
        return client.V1Pod(
            metadata=client.V1ObjectMeta(name=name, namespace="models", labels={"app": name}),
            spec=client.V1PodSpec(containers=containers, host_network=self.host_network),
            status=client.V1PodStatus(pod_ip=address, phase="Running"),
        )


def address_book(core: FakeCore) -> AddressBook:
    return AddressBook(core, core)


@pytest.mark.parametrize(
    ("target", "port", "meant"),
    [
        ("10.217.0.12", 8080, [("10.217.0.12", 8080)]),
        ("10.96.90.37", 80, [("10.217.0.12", 8013), ("10.217.0.13", 8013)]),
        # A port that the Service does not have stays what it is: an address that no policy knows.
        ("10.96.90.37", 81, [("10.96.90.37", 81)]),
        ("10.96.90.38", 80, []),
    ],
)
def test_an_untranslated_service_is_judged_by_the_pods_behind_it(
    target: str, port: int, meant: list[tuple[str, int]]
) -> None:
    found = address_book(FakeCore({})).translated(Connection("TCP", "10.217.0.2", target, port))
    assert found == [Connection("TCP", "10.217.0.2", address, at) for address, at in meant]


def test_a_pod_that_has_gone_keeps_its_address_and_others_are_told_apart() -> None:
    book = address_book(FakeCore({"gpt": "10.217.0.12"}, {}))
    book.look()
    book.look()
    flow = book.flow(Connection("TCP", NODE, "10.217.0.12", 8080))
    assert flow.words == "node 10.217.0.1 -> models/gpt:8080/TCP"
    assert (flow.target.labels, flow.target.named_ports) == ({"app": "gpt"}, {"http": 8080})
    assert book.flow(Connection("TCP", "10.217.0.12", "203.0.113.9", 443)).words.endswith("outside 203.0.113.9:443/TCP")


def test_a_pod_on_the_host_s_network_is_the_node() -> None:
    book = address_book(FakeCore({"proxy": NODE}, host_network=True))
    book.look()
    assert not book.knows(NODE)


def test_an_address_of_two_pods_fails_also_when_seen_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "POLL_SECONDS", 0.01)
    first, second = {"gpt": "10.217.0.12"}, {"other": "10.217.0.12"}
    book = address_book(FakeCore(first, first, second, first))
    with pytest.raises(RuntimeError, match=r"was models/gpt and is models/other now"), keeping_up(book):
        time.sleep(0.3)
