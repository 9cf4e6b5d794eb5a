"""What stands around the translation: status, publishing, peers, quarantine, and the words of the admin interface."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts.local.gateway.admin import EnvoyAwayError, Loaded, parse_dump
from scripts.local.gateway.clusters import file_name
from scripts.local.gateway.files import documents, publish, read_published, versions, write_initial
from scripts.local.gateway.health import Health, serve
from scripts.local.gateway.ingress import network_hash, parse_ingress
from scripts.local.gateway.objects import MalformedObjectError, Route, parse_slice
from scripts.local.gateway.peers import peer_addresses, unconfirmed
from scripts.local.gateway.publisher import Publisher
from scripts.local.gateway.quarantine import admit
from scripts.local.gateway.routes import XdsSet
from scripts.local.gateway.settings import Settings, from_environment
from scripts.local.gateway.status import desired_status, is_ready
from tests.pure.gateway.builders import build, endpoint_slice, ingress, rule, service, split

NOW = "2026-02-02T00:00:00Z"


def world(*names: str, ip: str = "10.0.0.1", settings: Settings | None = None) -> XdsSet:
    items = [parse_ingress(ingress(name, rule(f"{name}.x", splits=[split(name)]))) for name in names]
    return build(items, [service(name) for name in names], [endpoint_slice(n, ip) for n in names], settings).xds


class Envoy:
    """Loads what lies in the folder each time it is asked; can refuse or be away."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked, self.rejected = folder, 0, 0
        self.away = self.refuses = False

    def loaded(self) -> Loaded:
        self.asked += 1
        if self.away:
            raise EnvoyAwayError("connection refused")
        if self.refuses:
            self.rejected += 1
            return Loaded(rejected=self.rejected, errors=("Only unique values for domains are permitted",))
        names = {path.stem: path for path in (self.folder / "current").glob("*.json")}
        return Loaded({name: json.loads(path.read_text())["version_info"] for name, path in names.items()})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(xds_dir=tmp_path / "xds", load_seconds=0.2, stale_cluster_seconds=10)
    write_initial(made)
    return made


def test_the_hash_is_knatives_own() -> None:
    """The expected value was printed by Knative's `ingress.ComputeHash` for this object."""
    paths: list[dict[str, Any]] = [
        {
            "appendHeaders": {"Z": "1", "A": "<&>é"},
            "headers": {"Knative-Serving-Tag": {"exact": "canary"}},
            "path": "/v2",
            "rewriteHost": "r.x",
            "splits": [
                {
                    "appendHeaders": {
                        "Knative-Serving-Revision": "gpt-00002",
                        "Knative-Serving-Namespace": "models",
                    },
                    "percent": 20,
                    "serviceName": "gpt-00002",
                    "serviceNamespace": "models",
                    "servicePort": 81,
                },
                {"percent": 80, "serviceName": "gpt-00001", "serviceNamespace": "models", "servicePort": "http2"},
            ],
        },
        {"splits": [split("gpt-00001")]},
    ]
    item = ingress("gpt", rule("gpt.models", paths=paths, local=True))
    item["spec"]["tls"] = [{"hosts": ["a.x"], "secretName": "s", "secretNamespace": "n"}]
    assert network_hash(item) == "8e752fff03766fb1436cf30e43acc88cc68e2277aa2c4c15fc015b4d15e2ca0b"


def test_a_malformed_ingress_says_which_field() -> None:
    item = ingress("gpt", rule("gpt.x", splits=[{"serviceNamespace": "models", "percent": 100}]))
    with pytest.raises(MalformedObjectError, match="serviceName"):
        parse_ingress(item)


def test_status_of_a_loaded_ingress_is_written_once_and_keeps_its_times() -> None:
    item = ingress("gpt", generation=3)
    status = desired_status(item, (), Settings(), NOW)
    assert status is not None
    assert status["observedGeneration"] == 3
    assert {entry["type"]: entry["status"] for entry in status["conditions"]} == {
        "Ready": "True",
        "NetworkConfigured": "True",
        "LoadBalancerReady": "True",
    }
    assert status["publicLoadBalancer"]["ingress"][0]["domainInternal"] == "gateway.gateway.svc.cluster.local"
    item["status"] = status
    assert is_ready(item)
    assert desired_status(item, (), Settings(), "2026-03-03T00:00:00Z") is None
    item["metadata"]["generation"] = 4
    assert not is_ready(item)
    later = desired_status(item, (), Settings(), "2026-03-03T00:00:00Z")
    assert later is not None
    assert {entry["lastTransitionTime"] for entry in later["conditions"]} == {NOW}


def test_status_of_a_faulty_ingress_says_why() -> None:
    status = desired_status(ingress("gpt"), ("Service models/a does not exist", "x"), Settings(), NOW)
    assert status is not None
    by_type = {entry["type"]: entry for entry in status["conditions"]}
    assert by_type["Ready"]["status"] == by_type["NetworkConfigured"]["status"] == "False"
    assert by_type["Ready"]["message"] == "Service models/a does not exist; x"
    assert by_type["LoadBalancerReady"]["status"] == "True"


def test_publishing_is_one_link_and_can_be_read_back(settings: Settings) -> None:
    for number in range(4):
        publish(world("a", "b", ip=f"10.0.0.{number}", settings=settings), settings.xds_dir)
    assert len(list(settings.xds_dir.glob("set-*"))) == 2
    assert read_published(settings) == world("a", "b", ip="10.0.0.3", settings=settings)
    assert write_initial(settings) is False


def test_file_names_never_collide() -> None:
    names = ["models/a/80", "models/a-80/80", "a/b.c/80", "models/a/http2"]
    assert len({file_name(name) for name in names}) == len(names)
    assert {f"eds/{file_name(name)}" for name in world("a", "b").endpoints} <= set(documents(world("a", "b")))


def test_versions_depend_on_content_alone() -> None:
    xds = world("a", "b")
    reversed_order = replace(xds, clusters=dict(reversed(list(xds.clusters.items()))))
    assert versions(xds) == versions(reversed_order)
    assert versions(xds) == versions(world("a", "b", ip="10.9.9.9")), "endpoints alone need no confirmation"
    assert versions(xds) != versions(world("a", "c"))


def test_new_endpoints_are_published_without_waiting_for_envoy(settings: Settings) -> None:
    envoy = Envoy(settings.xds_dir)
    publisher = Publisher(settings, envoy.loaded)
    assert publisher.apply(world("a", settings=settings)) == ""
    envoy.asked, envoy.away = 0, True
    assert publisher.apply(world("a", ip="10.0.0.2", settings=settings)) == ""
    assert envoy.asked == 0
    assert read_published(settings) == world("a", ip="10.0.0.2", settings=settings)


def test_a_refused_set_is_taken_back(settings: Settings) -> None:
    envoy = Envoy(settings.xds_dir)
    publisher = Publisher(settings, envoy.loaded)
    good = world("a", settings=settings)
    assert publisher.apply(good) == ""
    envoy.refuses = True
    assert publisher.apply(world("a", "b", settings=settings)) == "Only unique values for domains are permitted"
    assert read_published(settings) == good


def test_an_envoy_that_is_away_finds_the_files_and_is_waited_for(settings: Settings) -> None:
    envoy = Envoy(settings.xds_dir)
    envoy.away = True
    publisher = Publisher(settings, envoy.loaded)
    with pytest.raises(EnvoyAwayError, match="connection refused"):
        publisher.apply(world("a", settings=settings))
    envoy.away = False
    assert publisher.apply(world("a", settings=settings)) == ""
    assert read_published(settings) == world("a", settings=settings)


def test_old_clusters_stay_for_their_time(settings: Settings) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.001
        return now[0]

    publisher = Publisher(settings, Envoy(settings.xds_dir).loaded, clock)
    assert publisher.apply(world("a", settings=settings)) == ""
    assert publisher.apply(world("b", settings=settings)) == ""
    published = read_published(settings)
    assert published is not None
    assert set(published.clusters) == {"models/a/81", "models/b/81"}
    assert publisher.next_cleanup() == pytest.approx(10, abs=0.1)
    now[0] += 11
    assert publisher.apply(world("b", settings=settings)) == ""
    assert read_published(settings) == world("b", settings=settings)
    assert publisher.next_cleanup() is None


def names(routes: Sequence[Route]) -> list[str]:
    return [route.name for route in routes]


@pytest.mark.parametrize("bad", [set(), {"c"}, {"a", "d"}, {"a", "b", "c", "d", "e"}])
def test_quarantine_finds_every_culprit_and_only_those(bad: set[str]) -> None:
    routes = [parse_ingress(ingress(name, rule(f"{name}.x", splits=[split(name)]))) for name in "abcde"]
    last: list[list[str]] = []

    def attempt(tried: Sequence[Route]) -> str:
        if bad & set(names(tried)):
            return "refused"
        last.append(names(tried))
        return ""

    admission = admit([], routes, attempt)
    assert {route.name for route, _ in admission.refused.values()} == bad
    assert set(names(admission.served)) == set("abcde") - bad
    if admission.served:
        assert set(last[-1]) == set(names(admission.served)), "what was published last is what is served"


def test_quarantine_does_not_blame_a_route_for_a_set_that_was_fine() -> None:
    route = parse_ingress(ingress("a", rule("a.x", splits=[split("a")])))
    with pytest.raises(RuntimeError, match="took before"):
        admit([route], [], lambda _: "refused")


def test_peers_are_the_other_ready_pods() -> None:
    gateways = endpoint_slice("gateway-internal", "10.0.0.1", "10.0.0.2", "10.0.0.3")
    gateways["metadata"]["namespace"] = "gateway"
    gateways["endpoints"][2]["conditions"] = {"ready": False, "serving": True}
    settings = replace(Settings(), pod_ip="10.0.0.1")
    assert peer_addresses([parse_slice(gateways)], settings) == ("10.0.0.2",)
    assert peer_addresses([parse_slice(gateways)], Settings()) == ()


def test_an_ingress_waits_until_every_peer_has_just_this_version() -> None:
    answers = {"p1": {"a": "1", "b": "2"}, "p2": {"a": "1", "b": "old"}}
    assert unconfirmed({"a": "1", "b": "2"}, ["p1", "p2"], answers.__getitem__) == {"b"}
    assert unconfirmed({"a": "1"}, [], answers.__getitem__) == frozenset()
    assert unconfirmed({}, ["gone"], answers.__getitem__) == frozenset()


def test_the_dump_is_read_for_versions_warming_clusters_and_errors() -> None:
    kind = "type.googleapis.com/envoy.admin.v3."
    dump: dict[str, Any] = {
        "configs": [
            {
                "@type": f"{kind}ClustersConfigDump",
                "version_info": "c1",
                "dynamic_warming_clusters": [
                    {"cluster": {"name": "slow", "type": "EDS"}},
                    {"cluster": {"name": "dns", "type": "STRICT_DNS"}},
                ],
            },
            {
                "@type": f"{kind}ListenersConfigDump",
                "version_info": "l1",
                "dynamic_listeners": [{"error_state": {"details": "port in use"}}],
            },
            {
                "@type": f"{kind}RoutesConfigDump",
                "dynamic_route_configs": [{"version_info": "r1", "route_config": {"name": "external"}}],
            },
        ]
    }
    expected = {"cds": "c1", "lds": "l1", "rds-external": "r1"}
    assert parse_dump(dump, 7) == Loaded(expected, frozenset({"slow"}), ("port in use",), 7)


def test_settings_come_from_the_environment() -> None:
    settings = from_environment({"GATEWAY_XDS_DIR": "/other", "POD_IP": "10.0.0.9", "GATEWAY_EXTERNAL_PORT": "1"})
    assert (settings.xds_dir, settings.pod_ip, settings.external_port) == (Path("/other"), "10.0.0.9", 1)
    assert from_environment({}) == Settings()


def test_probes_tell_ready_alive_and_what_is_applied() -> None:
    health = Health()
    server = serve(health, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.server_address[1]}"

    def status(path: str) -> int:
        try:
            with urllib.request.urlopen(base + path, timeout=5) as response:  # noqa: S310
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert [status(path) for path in ("/healthz", "/livez", "/nowhere")] == [503, 200, 404]
    health.ready, health.applied = True, {"a": "1"}
    assert status("/healthz") == 200
    health.heartbeat -= 1000
    assert status("/livez") == 503
    with urllib.request.urlopen(base + "/applied", timeout=5) as response:  # noqa: S310
        assert json.load(response) == {"a": "1"}
    server.shutdown()
