from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from aigc.catalog.faults import UserError
from scripts.local import kube_connection
from scripts.local.workloads import Workloads
from tests.pure.capacity.loopback import Loopback, serving

NO_ITEMS: dict[str, list[str]] = {"items": []}


@pytest.fixture
def quiet_server() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def kubeconfig(folder: Path, port: int) -> Path:
    document = {
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "users": [{"name": "me", "user": {}}],
    }  # fmt: skip
    path = folder / "kubeconfig"
    path.write_text(json.dumps(document))
    return path


def port_of(server: Loopback) -> int:
    return int(server.url.rpartition(":")[2])


def test_a_quiet_api_server_is_given_up_at_the_first_question(
    quiet_server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube_connection, "REQUEST_SECONDS", 0.2)
    started = time.monotonic()
    with pytest.raises(HTTPError):
        Workloads.connect(kubeconfig(tmp_path, quiet_server)).statuses()
    assert time.monotonic() - started < 5  # for ever without the deadline; the first request only, and once


def test_whoever_needs_the_answer_asks_a_busy_api_server_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_connection, "PAUSE_SECONDS", 0.01)
    statuses = iter([503, 500, 200])
    with serving(lambda _: (next(statuses), NO_ITEMS)) as server:
        assert Workloads.connect_patiently(kubeconfig(tmp_path, port_of(server))).namespaces() == []
        assert len(server.asked) == 3


def test_an_answer_that_will_not_change_is_not_asked_for_again(tmp_path: Path) -> None:
    with serving(lambda _: (403, NO_ITEMS)) as server:
        with pytest.raises(ApiException):
            Workloads.connect_patiently(kubeconfig(tmp_path, port_of(server))).namespaces()
        assert len(server.asked) == 1


def test_patience_ends_with_the_server_and_where_to_look(
    quiet_server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube_connection, "REQUEST_SECONDS", 0.1)
    api_client = kube_connection.connect(kubeconfig(tmp_path, quiet_server), patience_seconds=0.5)
    with pytest.raises(UserError, match=rf"127.0.0.1:{quiet_server}.*did not answer.*logs kube-apiserver"):
        Workloads(api_client).namespaces()


def test_a_kubeconfig_that_is_not_there_or_not_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="make up"):
        kube_connection.connect(tmp_path / "none")
    (tmp_path / "broken").write_text("{}")
    with pytest.raises(UserError, match="cannot be used"):
        kube_connection.connect(tmp_path / "broken")
