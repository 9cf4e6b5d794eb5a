"""The translation, case by case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.local.gateway.ingress import parse_ingress
from scripts.local.gateway.objects import parse_steady
from scripts.local.gateway.settings import Settings
from tests.pure.gateway.builders import addresses, build, endpoint_slice, hosts, ingress, rule, service, split

HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def protocol(cluster: dict[str, Any]) -> str:
    explicit = cluster["typed_extension_protocol_options"][HTTP]["explicit_http_config"]
    return str(next(iter(explicit)))


def test_an_ingress_of_knative_becomes_a_cluster_and_hosts_on_the_right_listeners() -> None:
    route = parse_ingress(
        ingress(
            "gpt",
            rule("gpt.models", "gpt.models.svc.cluster.local", splits=[split("gpt-00001")], local=True),
            rule("gpt.models.aigc.internal", splits=[split("gpt-00001", headers={"Revision": "gpt-00001"})]),
        )
    )
    result = build([route], [service("gpt-00001")], [endpoint_slice("gpt-00001", "10.217.0.9", "10.217.0.8")])
    assert result.faults == {}
    assert set(hosts(result, "external")) == {"gpt.models.aigc.internal"}
    local = {"gpt.models", "gpt.models.svc.cluster.local"}
    assert set(hosts(result, "internal")) == {"gpt.models.aigc.internal", *local}
    assert list(result.xds.clusters) == ["models/gpt-00001/81"]
    assert addresses(result, "models/gpt-00001/81") == [("10.217.0.8", 8013), ("10.217.0.9", 8013)]
    assert result.xds.clusters["models/gpt-00001/81"]["type"] == "EDS"
    host = hosts(result, "external")["gpt.models.aigc.internal"]
    assert [item["name"] for item in host["virtual_clusters"]] == ["models/gpt"]
    added = host["routes"][-1]["request_headers_to_add"]
    assert [(item["header"]["key"], item["append_action"]) for item in added] == [
        ("Revision", "OVERWRITE_IF_EXISTS_OR_ADD")
    ]


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"name": "http2", "appProtocol": ""}, "http2_protocol_options"),
        ({"name": "h2c", "appProtocol": ""}, "http2_protocol_options"),
        ({"name": "grpc-infer", "appProtocol": ""}, "http2_protocol_options"),
        ({"name": "http", "appProtocol": "kubernetes.io/h2c"}, "http2_protocol_options"),
        ({"name": "http", "appProtocol": ""}, "http_protocol_options"),
        ({"name": "http2", "appProtocol": "http"}, "http_protocol_options"),
        ({"name": "h2cats", "appProtocol": ""}, "http_protocol_options"),
    ],
)
def test_upstream_protocol(port: dict[str, str], expected: str) -> None:
    route = parse_ingress(ingress("gpt", rule("gpt.x", splits=[split("gpt-00001")])))
    result = build([route], [service("gpt-00001", **port)])
    assert protocol(result.xds.clusters["models/gpt-00001/81"]) == expected


@pytest.mark.parametrize("port", [81, "81", "http2"])
def test_a_port_by_number_or_name_is_the_same_cluster(port: int | str) -> None:
    route = parse_ingress(ingress("gpt", rule("gpt.x", splits=[split("gpt-00001", port=port)])))
    result = build([route], [service("gpt-00001")], [endpoint_slice("gpt-00001", "10.0.0.1")])
    assert addresses(result, "models/gpt-00001/81") == [("10.0.0.1", 8013)]


def test_addresses_that_are_not_ready_are_used_only_when_nothing_else_serves() -> None:
    route = parse_ingress(ingress("gpt", rule("gpt.x", splits=[split("gpt-00001")])))
    ending = endpoint_slice("gpt-00001", "10.0.0.1", ready=False, serving=True, terminating=True)
    dead = endpoint_slice("gpt-00001", "10.0.0.2", ready=False, serving=False)
    fresh = endpoint_slice("gpt-00001", "10.0.0.3", ready=True)
    name = "models/gpt-00001/81"
    assert addresses(build([route], [service("gpt-00001")], [ending, dead, fresh]), name) == [("10.0.0.3", 8013)]
    assert addresses(build([route], [service("gpt-00001")], [ending, dead]), name) == [("10.0.0.1", 8013)]
    assert addresses(build([route], [service("gpt-00001")], [dead]), name) == []


def test_an_unnamed_port_of_a_slice_is_found_by_its_number() -> None:
    route = parse_ingress(ingress("gpt", rule("gpt.x", splits=[split("gpt-00001")])))
    slices = [endpoint_slice("gpt-00001", "10.0.0.1", port_name="")]
    assert addresses(build([route], [service("gpt-00001")], slices), "models/gpt-00001/81") == [("10.0.0.1", 8013)]


def test_weights_are_the_percents_and_zero_is_left_out() -> None:
    splits = [split("a", 80), split("b", 20), split("c", 0)]
    result = build([parse_ingress(ingress("gpt", rule("gpt.x", splits=splits)))], [service("a"), service("b")])
    weighted = hosts(result, "external")["gpt.x"]["routes"][-1]["route"]["weighted_clusters"]["clusters"]
    assert [(item["name"], item["weight"]) for item in weighted] == [("models/a/81", 80), ("models/b/81", 20)]
    assert result.faults == {}


def test_a_missing_service_or_port_is_said_in_words_and_harms_no_other() -> None:
    bad = parse_ingress(ingress("bad", rule("bad.x", splits=[split("gone", 50), split("a", 50, port=99)])))
    good = parse_ingress(ingress("good", rule("good.x", splits=[split("a")])))
    result = build([bad, good], [service("a")], [endpoint_slice("a", "10.0.0.1")])
    assert result.faults == {
        ("Ingress", "models", "bad"): (
            "Service models/gone does not exist",
            "Service models/a has no port '99'; it has: http2=81, https=443",
        )
    }
    assert addresses(result, "models/gone/81") == []
    assert addresses(result, "models/a/81") == [("10.0.0.1", 8013)]
    assert set(hosts(result, "external")) == {"bad.x", "good.x"}


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (rule("gpt.x", splits=[split("a", 60), split("b", 30)]), "sum up to 90, not 100"),
        (rule("gpt.x", splits=[]), "has no splits"),
        (rule("Bad_Host!", splits=[split("a")]), "host 'bad_host!'"),
        (rule(splits=[split("a")]), "has no hosts"),
        (rule("gpt.x", paths=[{"path": "v2", "splits": [split("a")]}]), "does not begin with '/'"),
        (rule("gpt.x", paths=[{"splits": [split("a", headers={"bad header": "x"})]}]), "header name 'bad header'"),
        (rule("gpt.x", paths=[{"splits": [split("a", headers={"X": "a\nb"})]}]), "control character"),
        (rule("gpt.x", paths=[{"splits": [split("a", headers={"Host": "evil"})]}]), "header name 'Host'"),
        (rule("gpt.x", paths=[{"splits": [split("a")], "rewriteHost": "no way"}]), "rewriteHost"),
    ],
)
def test_a_structural_fault_keeps_the_ingress_away_from_envoy(broken: dict[str, Any], words: str) -> None:
    result = build([parse_ingress(ingress("gpt", broken))], [service("a"), service("b")])
    assert words in " ".join(result.faults["Ingress", "models", "gpt"])
    assert hosts(result, "external") == {}
    assert result.xds.clusters == {}


def test_the_oldest_claim_on_a_host_wins_in_any_order_and_the_other_hosts_stay() -> None:
    old = parse_ingress(ingress("old", rule("gpt.x", splits=[split("a")]), created="2026-01-01T00:00:00Z"))
    new = parse_ingress(ingress("new", rule("gpt.x", "new.x", splits=[split("b")]), created="2026-02-01T00:00:00Z"))
    results = [build(order, [service("a"), service("b")]) for order in ([old, new], [new, old])]
    assert results[0] == results[1]
    found = hosts(results[0], "external")
    assert found["gpt.x"]["routes"][-1]["route"]["cluster"] == "models/a/81"
    assert "new.x" in found
    assert results[0].faults == {
        ("Ingress", "models", "new"): ("host gpt.x is already served by Ingress models/old, which is older",)
    }


def test_paths_keep_their_order_and_the_probe_comes_first() -> None:
    paths = [
        {"path": "/v2", "headers": {"Knative-Serving-Tag": {"exact": "canary"}}, "splits": [split("b")]},
        {"splits": [split("a")], "appendHeaders": {"X-Percent": "5%"}},
    ]
    route = replace(parse_ingress(ingress("gpt", rule("gpt.x", paths=paths))), hash="abc")
    routes = hosts(build([route], [service("a"), service("b")]), "external")["gpt.x"]["routes"]
    assert [item["match"]["prefix"] for item in routes] == ["/v2", "/", "/v2", "/"]
    assert [item["name"] for item in routes[1]["match"]["headers"]] == ["K-Network-Hash"]
    assert routes[3]["request_headers_to_add"][0]["header"] == {"key": "X-Percent", "value": "5%%"}
    probe = {item["header"]["key"]: item["header"]["value"] for item in routes[1]["request_headers_to_add"]}
    assert probe == {"K-Network-Hash": "abc", "X-Percent": "5%%"}


def test_an_external_name_is_looked_up_and_its_host_rewritten() -> None:
    mapping = service("gpt")
    mapping["spec"] = {
        "type": "ExternalName",
        "externalName": "gateway-internal.gateway.svc.cluster.local",
        "ports": [{"name": "http2", "port": 80}],
    }
    path = {"rewriteHost": "gpt.models.svc.cluster.local", "splits": [split("gpt", port=80)]}
    result = build([parse_ingress(ingress("mine.example", rule("mine.example", paths=[path])))], [mapping])
    cluster = result.xds.clusters["models/gpt/80"]
    assert (cluster["type"], protocol(cluster)) == ("STRICT_DNS", "http2_protocol_options")
    assert addresses(result, "models/gpt/80") == [("gateway-internal.gateway.svc.cluster.local", 80)]
    action = hosts(result, "external")["mine.example"]["routes"][-1]["route"]
    assert action["host_rewrite_literal"] == "gpt.models.svc.cluster.local"


def test_a_steady_service_is_served_on_both_listeners() -> None:
    steady = service("gpt-steady", name="h2c", port=80, targetPort=8080, appProtocol=None)
    steady["metadata"]["labels"] = {"aigc/endpoint": "chat"}
    steady["metadata"]["annotations"] = {"aigc/host": "chat.models.aigc.internal"}
    route = parse_steady(steady)
    assert route is not None
    slices = [endpoint_slice("gpt-steady", "10.0.0.1", port=8080, port_name="h2c")]
    result = build([route], [steady], slices)
    for listener in ("external", "internal"):
        host = hosts(result, listener)["chat.models.aigc.internal"]
        assert host["routes"][0]["route"]["cluster"] == "models/gpt-steady/80"
        assert host["virtual_clusters"][0]["name"] == "models/chat"
    assert addresses(result, "models/gpt-steady/80") == [("10.0.0.1", 8080)]
    assert protocol(result.xds.clusters["models/gpt-steady/80"]) == "http2_protocol_options"
    del steady["metadata"]["annotations"]
    assert parse_steady(steady) is None


def test_beyond_the_limit_of_watched_files_the_endpoints_stand_in_the_clusters() -> None:
    routes = [parse_ingress(ingress(name, rule(f"{name}.x", splits=[split(name)]))) for name in ("a", "b", "c")]
    services, slices = [service(name) for name in "abc"], [endpoint_slice(name, "10.0.0.1") for name in "abc"]
    few = build(routes, services, slices, replace(Settings(), eds_limit=3))
    many = build(routes, services, slices, replace(Settings(), eds_limit=2))
    assert {item["type"] for item in few.xds.clusters.values()} == {"EDS"}
    assert {item["type"] for item in many.xds.clusters.values()} == {"STATIC"}
    assert many.xds.endpoints == {}
    assert [addresses(few, name) for name in few.xds.clusters] == [addresses(many, name) for name in many.xds.clusters]


def test_nothing_accepted_is_ever_sent_again_and_no_route_has_a_time_limit() -> None:
    result = build([parse_ingress(ingress("gpt", rule("gpt.x", splits=[split("a")])))], [service("a")])
    host = hosts(result, "external")["gpt.x"]
    retried = set(host["retry_policy"]["retry_on"].split(","))
    assert retried <= {"connect-failure", "refused-stream", "reset-before-request"}
    assert all(item["route"]["timeout"] == "0s" for item in host["routes"])
