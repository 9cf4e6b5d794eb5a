"""Routing through a real Envoy: what the translation says must be what requests see."""

from __future__ import annotations

import base64
import math
import os
import socket
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from scripts.local.gateway.objects import HttpPath, Split
from tests.live_envoy.rig import Gateway, backend, behind, get, route, service, to
from tests.live_envoy.servers import STREAM, UNARY, GrpcUpstream, HttpUpstream, WebSocketUpstream, channel, unary

MakeHttp = Callable[[str], HttpUpstream]
MakeGrpc = Callable[[str], GrpcUpstream]


def test_http1_upstream_on_both_listeners_and_unknown_host(gateway: Gateway, http_upstream: MakeHttp) -> None:
    one = service("gpt-00001")
    assert gateway.serve([route("gpt", "gpt.x", to(one))], [one], [behind(one, http_upstream("a").port)]) == ""
    answer = gateway.get("gpt.x", "/v2/health/ready?q=1", {"x-request-id": "kept-as-it-is"})
    assert (answer.status, answer.json["name"], answer.json["path"]) == (200, "a", "/v2/health/ready?q=1")
    assert answer.json["headers"]["x-request-id"] == "kept-as-it-is"
    assert "x-envoy-upstream-service-time" in answer.headers
    assert gateway.get("gpt.x:30080").status == 200
    assert gateway.get("gpt.x", internal=True).status == 200
    assert gateway.get("other.x").status == 404


def test_cluster_local_host_is_not_served_outside(gateway: Gateway, http_upstream: MakeHttp) -> None:
    one = service("gpt-00001")
    local = route("gpt", "gpt.models.svc.cluster.local", to(one), external=False)
    assert gateway.serve([local], [one], [behind(one, http_upstream("a").port)]) == ""
    assert gateway.get("gpt.models.svc.cluster.local").status == 404
    assert gateway.get("gpt.models.svc.cluster.local", internal=True).status == 200


def test_grpc_unary_streaming_trailers_and_errors(gateway: Gateway, grpc_upstream: MakeGrpc) -> None:
    one = service("gpt-00001", http2=True)
    assert gateway.serve([route("gpt", "gpt.x", to(one))], [one], [behind(one, grpc_upstream("a").port)]) == ""
    with channel(gateway.settings.external_port, "gpt.x") as line:
        answer, call = line.unary_unary(UNARY).with_call(b"hello", timeout=10)
        assert answer == b"a:hello"
        assert ("served-by", "a") in [(item.key, item.value) for item in call.trailing_metadata()]
        assert list(line.stream_stream(STREAM)(iter([b"1", b"2", b"3"]), timeout=10)) == [b"a:1", b"a:2", b"a:3"]
        with pytest.raises(grpc.RpcError) as caught:
            unary(line, b"fail")
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_split_of_80_to_20_within_binomial_bounds(gateway: Gateway, http_upstream: MakeHttp) -> None:
    old, new = service("gpt-00001"), service("gpt-00002")
    path = HttpPath((Split(backend(old), 80), Split(backend(new), 20)))
    slices = [behind(old, http_upstream("old").port), behind(new, http_upstream("new").port)]
    assert gateway.serve([route("gpt", "gpt.x", path)], [old, new], slices) == ""
    seen = Counter(str(gateway.get("gpt.x").json["name"]) for _ in range(500))
    # 4.5 standard deviations (8.9 requests each): a right split fails this once in 150,000 runs, 70/30 nearly always.
    assert abs(seen["new"] - 100) <= 4.5 * math.sqrt(500 * 0.8 * 0.2), seen
    assert seen["old"] + seen["new"] == 500


def test_headers_match_append_override_and_hash_probe(gateway: Gateway, http_upstream: MakeHttp) -> None:
    main, tagged = service("gpt-00001"), service("gpt-00002")
    paths = (
        HttpPath((Split(backend(tagged), 100),), match_headers=(("Knative-Serving-Tag", "canary"),)),
        HttpPath(
            (Split(backend(main), 100, (("Knative-Serving-Revision", "gpt-00001"), ("X-Both", "split"))),),
            append_headers=(("X-Both", "path"), ("X-Percent", "100%")),
        ),
    )
    slices = [behind(main, http_upstream("main").port), behind(tagged, http_upstream("tagged").port)]
    assert gateway.serve([route("gpt", "gpt.x", *paths, hash_value="abc123")], [main, tagged], slices) == ""
    assert gateway.get("gpt.x", headers={"Knative-Serving-Tag": "canary"}).json["name"] == "tagged"
    assert gateway.get("gpt.x", headers={"Knative-Serving-Tag": "canary2"}).json["name"] == "main"
    headers = gateway.get("gpt.x", headers={"Knative-Serving-Revision": "stolen"}).json["headers"]
    assert headers["knative-serving-revision"] == "gpt-00001"
    assert (headers["x-both"], headers["x-percent"]) == ("split", "100%")
    probe = gateway.get("gpt.x", headers={"K-Network-Hash": "override"}).json["headers"]
    assert probe["k-network-hash"] == "abc123"
    assert gateway.get("gpt.x", headers={"K-Network-Hash": "other"}).json["headers"]["k-network-hash"] == "other"


def test_path_prefix_and_host_rewrite(gateway: Gateway, http_upstream: MakeHttp) -> None:
    one, two = service("a"), service("b")
    paths = (
        HttpPath((Split(backend(two), 100),), prefix="/b", rewrite_host="inner.example"),
        HttpPath((Split(backend(one), 100),)),
    )
    slices = [behind(one, http_upstream("a").port), behind(two, http_upstream("b").port)]
    assert gateway.serve([route("gpt", "gpt.x", *paths)], [one, two], slices) == ""
    assert gateway.get("gpt.x", "/b/c").json["headers"]["host"] == "inner.example"
    other = gateway.get("gpt.x", "/c").json
    assert (other["name"], other["headers"]["host"]) == ("a", "gpt.x")


def test_a_client_cannot_steer_timeouts_by_headers(gateway: Gateway, http_upstream: MakeHttp) -> None:
    one = service("gpt-00001")
    assert gateway.serve([route("gpt", "gpt.x", to(one))], [one], [behind(one, http_upstream("a").port)]) == ""
    steering = {"x-envoy-upstream-rq-timeout-ms": "20", "x-envoy-retry-on": "5xx", "x-envoy-max-retries": "9"}
    assert gateway.get("gpt.x", "/slow", steering).body == b"012"
    assert not set(steering) & set(gateway.get("gpt.x", "/", steering).json["headers"])


def test_websocket_upgrade(gateway: Gateway) -> None:
    upstream, one = WebSocketUpstream(), service("ws")
    assert gateway.serve([route("ws", "ws.x", to(one))], [one], [behind(one, upstream.port)]) == ""
    key = base64.b64encode(os.urandom(16)).decode()
    with socket.create_connection(("127.0.0.1", gateway.settings.external_port), timeout=10) as line:
        lines = ["GET / HTTP/1.1", "Host: ws.x", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
        line.sendall("\r\n".join(lines).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += line.recv(4096)
        assert head.startswith(b"HTTP/1.1 101")
        line.sendall(b"\x81\x02hi")
        assert line.recv(4096) == b"\x81\x02hi"
    upstream.stop()


def test_missing_service_answers_503_and_harms_nobody(gateway: Gateway, http_upstream: MakeHttp) -> None:
    good, gone = service("good"), service("gone")
    routes = [route("bad", "bad.x", to(gone)), route("good", "good.x", to(good))]
    assert gateway.serve(routes, [good], [behind(good, http_upstream("a").port)]) == ""
    assert gateway.get("bad.x").status == 503
    assert gateway.get("good.x").status == 200


def test_metrics_and_access_log_tell_the_endpoint(gateway: Gateway, http_upstream: MakeHttp) -> None:
    one = service("gpt-00001")
    upstream = http_upstream("a")
    assert gateway.serve([route("gpt", "gpt.x", to(one))], [one], [behind(one, upstream.port)]) == ""
    assert gateway.get("gpt.x", "/v2", {"x-request-id": "trace-1"}).status == 200
    deadline = time.monotonic() + 15
    labels = 'envoy_virtual_cluster="models/gpt",envoy_virtual_host="models/gpt/gpt_x"'
    wanted = f"envoy_vhost_vcluster_upstream_rq_time_count{{{labels}}} 1"
    text = ""
    while wanted not in text and time.monotonic() < deadline:  # histograms lag behind
        time.sleep(0.1)
        text = get(gateway.metrics_port, "/stats/prometheus", {}).body.decode()
    assert wanted in text, [line for line in text.splitlines() if "vcluster" in line][:5]
    assert 'envoy_cluster_upstream_rq_time_count{envoy_cluster_name="models/gpt-00001/80"} 1' in text
    assert 'envoy_http_downstream_rq_time_bucket{envoy_http_conn_manager_prefix="external",le="330"}' in text
    assert get(gateway.metrics_port, "/quitquitquit", {}).status == 404
    records: list[dict[str, Any]] = []
    while not records and time.monotonic() < deadline:  # written out four times a second
        time.sleep(0.05)
        records = [record for record in gateway.log_records() if record["request_id"] == "trace-1"]
    assert [(item["endpoint"], item["upstream_host"]) for item in records] == [
        ("models/gpt", f"127.0.0.1:{upstream.port}")
    ]
    assert records[0]["flags"] in (None, "-")
