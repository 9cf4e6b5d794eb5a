"""After a restart of the host pods are made anew: what the API server still says of them is of the boot before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.faults import UserError
from scripts.local.cluster import api_access
from scripts.local.cluster.api_access import Answer
from scripts.local.cluster.last_boot import has_pods_of_before, replace_pods
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.started import Started
from scripts.progress import Progress

PODS = {"items": [{"metadata": {"namespace": "models", "name": name}} for name in ("gpt-1", "gpt-2")]}


class Server:
    """Answers lists, and deletions with a status."""

    def __init__(self, status: int = 200) -> None:
        self.status, self.asked = status, []  # type: int, list[tuple[str, str]]

    def ask(self, _layout: Layout, _port: Any, path: str, *, method: str = "GET", **_: Any) -> Answer:
        self.asked.append((method, path))
        return Answer(200, json.dumps(PODS)) if method == "GET" else Answer(self.status, "{}")


def note(boot: str, pods_boot: str) -> Started:
    return Started(boot, Path("/bin"), "digest", pods_boot_id=pods_boot)


def replaced(server: Server, before: Started, monkeypatch: pytest.MonkeyPatch) -> Started:
    monkeypatch.setattr(api_access, "ask", server.ask)
    return replace_pods(Layout(), before, Progress(quiet=True))


@pytest.mark.parametrize("status", [200, 404])
def test_pods_of_another_boot_are_deleted_once(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(status)
    after = replaced(server, note("now", "before"), monkeypatch)
    deleted = [path for method, path in server.asked if method == "DELETE"]
    assert deleted == [f"/api/v1/namespaces/models/pods/{name}" for name in ("gpt-1", "gpt-2")]
    assert after.pods_boot_id == "now"
    assert (has_pods_of_before(note("now", "before")), has_pods_of_before(after)) == (True, False)
    assert replaced(again := Server(), after, monkeypatch) == after
    assert again.asked == []


def test_pods_of_this_boot_and_of_an_unknown_one_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    for before in (note("now", "now"), note("now", "")):
        server = Server()
        assert replaced(server, before, monkeypatch).pods_boot_id == "now"
        assert server.asked == []


def test_a_server_that_refuses_is_told_of_and_asked_again_by_the_next_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="DELETE /api/v1/namespaces/models/pods/gpt-1"):
        replaced(Server(403), note("now", "before"), monkeypatch)
