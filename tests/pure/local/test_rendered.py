"""What the host processes are told: flags and files that must agree with the layout, the host and each other."""

import configparser
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from scripts.engine.crash_loop import BACK_OFF_SECONDS
from scripts.engine.durations import seconds_of
from scripts.local.cluster import layout as at
from scripts.local.cluster import renderings, supervisor
from scripts.local.cluster.base_objects import base_objects
from scripts.local.cluster.components import components
from scripts.local.cluster.host_config import CgroupDriver, HostConfig, configure
from scripts.local.cluster.layout import Layout
from tests.pure.local.test_host_config import DEBIAN_12, SANDBOX

LAYOUT = Layout(Path("/state"))
BIN = Path("/tools/bin")
HOSTS = [pytest.param(configure(DEBIAN_12), id="systemd"), pytest.param(configure(SANDBOX), id="sandbox")]


def flags(name: str) -> dict[str, str]:
    component = next(c for c in components(LAYOUT, BIN) if c.name == name)
    return dict(flag.removeprefix("--").split("=", 1) for flag in component.arguments[1:] if "=" in flag)


def test_a_pause_before_a_restart_is_long_enough_to_be_taken_for_a_crash_loop_and_no_longer() -> None:
    pause = renderings.kubelet(LAYOUT, configure(SANDBOX))["crashLoopBackOff"]["maxContainerRestartPeriod"]
    assert seconds_of(pause) == BACK_OFF_SECONDS


@pytest.mark.parametrize("host", HOSTS)
def test_containerd_reads_valid_toml_that_follows_the_host(host: HostConfig) -> None:
    text = renderings.containerd(LAYOUT, host, BIN, Path("/tools/cni"), "dev.local/pause:1")
    plugins = tomllib.loads(text)["plugins"]
    runtime = plugins["io.containerd.cri.v1.runtime"]
    options = runtime["containerd"]["runtimes"]["runc"]["options"]
    assert runtime["restrict_oom_score_adj"] is host.restrict_oom_score_adj
    assert options["SystemdCgroup"] is (host.cgroup_driver is CgroupDriver.SYSTEMD)
    assert runtime["cni"]["bin_dirs"] == ["/tools/cni"]
    assert plugins["io.containerd.cri.v1.images"]["pinned_images"]["sandbox"] == "dev.local/pause:1"
    # Nothing of it may touch the folders that another containerd on the host would use.
    assert all(value.startswith(("/state/", "/tools/")) for value in _paths(tomllib.loads(text)))


def _paths(value: object) -> list[str]:
    if isinstance(value, dict):
        return [path for item in value.values() for path in _paths(item)]
    if isinstance(value, list):
        return [path for item in value for path in _paths(item)]
    return [value] if isinstance(value, str) and value.startswith("/") else []


@pytest.mark.parametrize("host", HOSTS)
def test_the_kubelet_follows_the_host(host: HostConfig) -> None:
    document = yaml.safe_load(renderings.as_yaml(renderings.kubelet(LAYOUT, host)))
    assert document["failCgroupV1"] is host.fail_cgroup_v1
    assert document["enforceNodeAllocatable"] == list(host.enforce_node_allocatable)
    assert document["cgroupDriver"] == host.cgroup_driver.value
    assert document.get("cgroupRoot", "") == host.cgroup_root
    assert document["clusterDNS"] == [at.DNS_SERVICE_IP]
    assert document["authentication"]["anonymous"]["enabled"] is False
    assert document["readOnlyPort"] == 0


def test_the_api_server_has_its_aggregation_layer_and_listens_on_the_bridge_only() -> None:
    found = flags("kube-apiserver")
    assert found["bind-address"] == found["advertise-address"] == at.NODE_IP
    assert found["anonymous-auth"] == "false"
    assert found["enable-aggregator-routing"] == "true"
    assert found["requestheader-client-ca-file"] != found["client-ca-file"], "a client could pose as the proxy"
    assert {"proxy-client-cert-file", "proxy-client-key-file", "requestheader-username-headers"} <= found.keys()


def test_every_key_that_a_flag_names_is_made() -> None:
    from scripts.local.cluster.pki import AUTHORITIES, LEAVES

    made = {
        f"/state/pki/{name}.{kind}" for name in (*AUTHORITIES, *(x.file for x in LEAVES)) for kind in ("crt", "key")
    }
    made |= {"/state/pki/service-account.key", "/state/pki/service-account.pub"}
    named = {v for c in components(LAYOUT, BIN) for v in flags(c.name).values() if v.startswith("/state/pki/")}
    assert named <= made


def test_nothing_listens_on_every_address() -> None:
    words = " ".join(argument for c in components(LAYOUT, BIN) for argument in c.arguments)
    rendered = json.dumps([renderings.kubelet(LAYOUT, configure(SANDBOX)), renderings.kube_proxy(LAYOUT)])
    assert "0.0.0.0" not in words + rendered  # noqa: S104
    assert {port.address for port in at.PORTS} == {at.NODE_IP, at.LOOPBACK}
    assert renderings.kube_proxy(LAYOUT)["nodePortAddresses"] == [f"{at.NODE_IP}/32"]
    assert f"bind {at.NODE_IP}" in renderings.corefile(LAYOUT)


def test_the_supervisor_never_gives_up_and_marks_what_it_starts() -> None:
    environment = {at.OWNER_VARIABLE: "/state", "PATH": "/a:/b%c"}
    text = supervisor.render(LAYOUT, components(LAYOUT, BIN), environment)
    parsed = configparser.RawConfigParser()
    parsed.read_string(text)
    programs = [section for section in parsed.sections() if section.startswith("program:")]
    assert programs == [f"program:{c.name}" for c in components(LAYOUT, BIN)]
    for program in programs:
        assert parsed[program]["autorestart"] == "true"
        assert int(parsed[program]["startretries"]) >= 1000
        assert f'{at.OWNER_VARIABLE}="/state"' in parsed[program]["environment"]
        assert "/b%%c" in parsed[program]["environment"]


def test_a_change_of_the_host_changes_what_is_rendered() -> None:
    host = configure(SANDBOX)
    other = replace(host, restrict_oom_score_adj=not host.restrict_oom_score_adj)
    one, two = (renderings.containerd(LAYOUT, h, BIN, BIN, "p") for h in (host, other))
    assert one != two


def test_the_dns_service_points_at_the_host() -> None:
    documents = {document["kind"]: document for _, document in base_objects()}
    assert documents["Service"]["spec"]["clusterIP"] == at.DNS_SERVICE_IP
    assert "selector" not in documents["Service"]["spec"]
    endpoints = documents["EndpointSlice"]
    assert endpoints["endpoints"][0]["addresses"] == [at.NODE_IP]
    assert endpoints["metadata"]["labels"]["kubernetes.io/service-name"] == "kube-dns"
    for path, document in base_objects():
        assert path.endswith("/" + document["metadata"]["name"])
