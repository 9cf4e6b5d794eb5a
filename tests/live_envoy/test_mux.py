"""The in-pod mux: two protocols behind one port, without a policy of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live_envoy.rig import CONFIGURATION, EnvoyProcess, free_port, get, move_ports
from tests.live_envoy.servers import STREAM, GrpcUpstream, HttpUpstream, channel, unary


@dataclass
class Mux:
    """The mux and the two servers that stand for Triton."""

    port: int
    http: HttpUpstream
    grpc: GrpcUpstream
    envoy: EnvoyProcess


@pytest.fixture
def mux(envoy_binary: Path, tmp_path: Path) -> Iterator[Mux]:
    http, grpc = HttpUpstream("http"), GrpcUpstream("grpc")
    port, admin = free_port(), free_port()
    configuration = tmp_path / "mux.yaml"
    move_ports(CONFIGURATION / "mux.yaml", configuration, {9901: admin, 8080: port, 8000: http.port, 8001: grpc.port})
    envoy = EnvoyProcess(envoy_binary, configuration, f"127.0.0.1:{admin}", tmp_path / "mux.log")
    envoy.wait_ready()
    yield Mux(port, http, grpc, envoy)
    envoy.kill()
    http.stop()
    grpc.stop()


def test_both_protocols_on_one_port(mux: Mux) -> None:
    assert get(mux.port, "/v2/health/ready", {"Host": "any"}).json["name"] == "http"
    with channel(mux.port, "any") as line:
        assert unary(line, b"hello") == b"grpc:hello"
        assert list(line.stream_stream(STREAM)(iter([b"1", b"2"]), timeout=10)) == [b"grpc:1", b"grpc:2"]


def test_json_that_names_grpc_elsewhere_stays_http(mux: Mux) -> None:
    answer = get(mux.port, "/v2/models/gpt/infer", {"Host": "any", "Content-Type": "application/json"}, b"{}")
    assert answer.json == {"name": "http", "bytes": 2}


def test_a_large_body_streams_through_a_small_buffer(mux: Mux) -> None:
    body = b"x" * (8 << 20)
    assert (
        get(mux.port, "/v2", {"Host": "any", "Content-Type": "application/octet-stream"}, body).json["bytes"] == 8 << 20
    )


def test_the_first_byte_comes_before_the_last(mux: Mux) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", mux.port, timeout=10)
    start = time.monotonic()
    connection.request("GET", "/slow")
    response = connection.getresponse()
    assert response.read(1) == b"0"
    first = time.monotonic() - start
    assert response.read() == b"12"
    assert time.monotonic() - start - first > 0.15
    connection.close()


def test_request_id_and_headers_pass_untouched(mux: Mux) -> None:
    headers = get(mux.port, "/", {"Host": "any", "x-request-id": "abc"}).json["headers"]
    assert headers["x-request-id"] == "abc"
    assert "x-forwarded-for" not in headers
