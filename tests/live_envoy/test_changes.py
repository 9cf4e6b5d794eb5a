"""Changes under load: a revision that moves, routes that change, an Envoy that is killed. No request may notice."""

from __future__ import annotations

import itertools
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from scripts.local.gateway.files import read_published
from scripts.local.gateway.objects import HttpPath, Route, Split
from scripts.local.gateway.publisher import Publisher
from scripts.local.gateway.quarantine import admit
from scripts.local.gateway.routes import translate
from tests.live_envoy.rig import Gateway, backend, behind, free_port, inlined, route, service, to
from tests.live_envoy.servers import STREAM, GrpcUpstream, HttpUpstream, channel, unary

MakeHttp = Callable[[str], HttpUpstream]
MakeGrpc = Callable[[str], GrpcUpstream]


def answers(gateway: Gateway, first: bytes, then: Callable[[], None], last: bytes) -> list[bytes]:
    """Calls on one live channel before, during and after a change, until the last answer comes from the new side."""
    seen: list[bytes] = []
    with channel(gateway.settings.external_port, "gpt.x") as line:
        seen += [unary(line) for _ in range(20)]
        assert set(seen) == {first}
        then()
        deadline = time.monotonic() + 5
        while seen[-1] != last and time.monotonic() < deadline:
            seen.append(unary(line))
        seen += [unary(line) for _ in range(20)]
    return seen


@pytest.mark.parametrize("inline", [False, True], ids=["eds", "inline"])
def test_endpoints_move_under_a_live_connection(gateway: Gateway, grpc_upstream: MakeGrpc, inline: bool) -> None:
    if inline:
        gateway.settings = inlined(gateway.settings)
    activator, pod, one = grpc_upstream("activator"), grpc_upstream("pod"), service("gpt-00001", http2=True)
    routes = [route("gpt", "gpt.x", to(one))]
    assert gateway.serve(routes, [one], [behind(one, activator.port)]) == ""

    def move() -> None:
        assert gateway.serve(routes, [one], [behind(one, pod.port)]) == ""

    seen = answers(gateway, b"activator:x", move, b"pod:x")
    assert set(seen[-20:]) == {b"pod:x"}


def test_an_open_stream_survives_the_move_of_its_endpoint(gateway: Gateway, grpc_upstream: MakeGrpc) -> None:
    activator, pod, one = grpc_upstream("activator"), grpc_upstream("pod"), service("gpt-00001", http2=True)
    routes = [route("gpt", "gpt.x", to(one))]
    assert gateway.serve(routes, [one], [behind(one, activator.port)]) == ""
    outgoing: queue.Queue[bytes | None] = queue.Queue()

    def requests() -> Iterator[bytes]:
        while (item := outgoing.get()) is not None:
            yield item

    with channel(gateway.settings.external_port, "gpt.x") as line:
        incoming = line.stream_stream(STREAM)(requests(), timeout=20)
        outgoing.put(b"1")
        assert next(incoming) == b"activator:1"
        assert gateway.serve(routes, [one], [behind(one, pod.port)]) == ""
        deadline = time.monotonic() + 5
        while unary(line) != b"pod:x":
            assert time.monotonic() < deadline
        outgoing.put(b"2")
        assert next(incoming) == b"activator:2"
        outgoing.put(None)
        assert list(incoming) == []


def test_a_new_revision_takes_over_without_an_error(gateway: Gateway, http_upstream: MakeHttp) -> None:
    """Clusters come and go while requests run: make before break."""
    revisions = [service(f"gpt-{number:05d}") for number in range(1, 6)]
    slices = [behind(item, http_upstream(item.name).port) for item in revisions]
    assert gateway.serve([route("gpt", "gpt.x", to(revisions[0]))], revisions, slices) == ""
    statuses: list[int] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            statuses.append(gateway.get("gpt.x").status)

    worker = threading.Thread(target=load)
    worker.start()
    for old, new in itertools.pairwise(revisions):
        half = HttpPath((Split(backend(old), 50), Split(backend(new), 50)))
        for paths in (half, to(new)):
            assert gateway.serve([route("gpt", "gpt.x", paths)], revisions, slices) == ""
            time.sleep(0.15)
    stop.set()
    worker.join()
    assert len(statuses) > 50
    assert set(statuses) == {200}
    assert gateway.get("gpt.x").json["name"] == "gpt-00005"


def test_nothing_to_serve_is_a_configuration_too(gateway: Gateway, http_upstream: MakeHttp) -> None:
    assert gateway.serve([], [], []) == ""
    one = service("gpt-00001")
    assert gateway.serve([route("gpt", "gpt.x", to(one))], [one], [behind(one, http_upstream("a").port)]) == ""
    assert gateway.serve([], [], []) == ""
    assert gateway.get("gpt.x").status == 404


def test_old_clusters_leave_after_their_time(gateway: Gateway, http_upstream: MakeHttp) -> None:
    old, new = service("gpt-00001"), service("gpt-00002")
    slices = [behind(item, http_upstream(item.name).port) for item in (old, new)]
    assert gateway.serve([route("gpt", "gpt.x", to(old))], [old, new], slices) == ""
    assert gateway.serve([route("gpt", "gpt.x", to(new))], [old, new], slices) == ""
    due = gateway.publisher.next_cleanup()
    assert due is not None and due <= gateway.settings.stale_cluster_seconds
    time.sleep(due + 0.05)
    assert gateway.serve([route("gpt", "gpt.x", to(new))], [old, new], slices) == ""
    assert gateway.publisher.next_cleanup() is None
    published = read_published(gateway.settings)
    assert published is not None and set(published.clusters) == {"models/gpt-00002/80"}
    assert gateway.get("gpt.x").json["name"] == "gpt-00002"


def test_a_killed_envoy_comes_back_with_the_last_configuration(gateway: Gateway, http_upstream: MakeHttp) -> None:
    one = service("gpt-00001")
    assert gateway.serve([route("gpt", "gpt.x", to(one))], [one], [behind(one, http_upstream("a").port)]) == ""
    gateway.restart()
    deadline = time.monotonic() + 10
    while True:
        try:
            assert gateway.get("gpt.x").status == 200
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_restarted_controller_continues_from_what_runs(gateway: Gateway, http_upstream: MakeHttp) -> None:
    old, new = service("gpt-00001"), service("gpt-00002")
    slices = [behind(item, http_upstream(item.name).port) for item in (old, new)]
    assert gateway.serve([route("gpt", "gpt.x", to(old))], [old, new], slices) == ""
    gateway.publisher = Publisher(gateway.settings, gateway.envoy.admin.loaded)
    assert gateway.serve([route("gpt", "gpt.x", to(new))], [old, new], slices) == ""
    assert gateway.get("gpt.x").json["name"] == "gpt-00002"


def test_a_refused_route_is_found_and_the_others_go_on(gateway: Gateway, http_upstream: MakeHttp) -> None:
    """The net below our own checks: a virtual host that Envoy refuses is put in behind their back."""
    one = service("good")
    slices = [behind(one, http_upstream("a").port)]
    good = [route(f"g{number}", f"g{number}.x", to(one)) for number in range(4)]
    bad = route("bad", "bad.x", to(one))

    def spoil(configuration: dict[str, Any]) -> dict[str, Any]:
        hosts = [dict(host) for host in configuration["virtual_hosts"]]
        for host in hosts:
            if host["domains"] == ["bad.x"]:
                host["domains"] = ["bad.x", "bad.x"]
        return {**configuration, "virtual_hosts": hosts}

    def attempt(routes: Sequence[Route]) -> str:
        xds = translate(routes, {("models", "good"): one}, slices, gateway.settings).xds
        return gateway.publisher.apply(replace(xds, routes={name: spoil(item) for name, item in xds.routes.items()}))

    admission = admit([], [*good[:2], bad, *good[2:]], attempt)
    assert [item.name for item in admission.served] == ["g0", "g1", "g2", "g3"]
    assert [item.name for item, _ in admission.refused.values()] == ["bad"]
    assert "refused" in admission.refused[bad.identity][1]
    assert [gateway.get(f"g{number}.x").status for number in range(4)] == [200] * 4
    gateway.restart()
    assert gateway.envoy.admin.loaded().rejected == 0


def test_an_accepted_request_is_never_sent_again(gateway: Gateway) -> None:
    received: list[bytes] = []

    def accept_and_hang_up(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            received.append(connection.recv(4096))
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept_and_hang_up, args=(listening,), daemon=True).start()
        one = service("gpt-00001")
        slices = [behind(one, int(listening.getsockname()[1]))]
        assert gateway.serve([route("gpt", "gpt.x", to(one))], [one], slices) == ""
        assert gateway.get("gpt.x").status == 503
        assert len(received) == 1


def test_an_address_that_does_not_listen_is_passed_over(gateway: Gateway, http_upstream: MakeHttp) -> None:
    one = service("gpt-00001")
    slices = [behind(one, free_port(), http_upstream("a").port)]
    assert gateway.serve([route("gpt", "gpt.x", to(one))], [one], slices) == ""
    assert {gateway.get("gpt.x").status for _ in range(40)} == {200}


def test_drain_and_back(gateway: Gateway, http_upstream: MakeHttp) -> None:
    one = service("gpt-00001")
    assert gateway.serve([route("gpt", "gpt.x", to(one))], [one], [behind(one, http_upstream("a").port)]) == ""
    gateway.envoy.admin.drain(begin=True)
    draining = gateway.get("gpt.x")
    assert (draining.status, draining.headers.get("connection")) == (200, "close")
    gateway.envoy.admin.drain(begin=False)
    assert gateway.get("gpt.x").headers.get("connection") is None
