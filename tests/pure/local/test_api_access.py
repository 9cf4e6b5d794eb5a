"""What set-up asks the API server: again while it is busy, and never taking silence for an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from aigc.catalog.faults import UserError
from scripts.local.cluster import api_access, base_objects, mark
from scripts.local.cluster.api_access import Answer
from scripts.local.cluster.layout import Layout
from scripts.progress import Progress

QUIET = Progress(quiet=True)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_access, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(api_access, "PATIENCE_SECONDS", 0.05)


def says(answers: Iterator[Answer], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Has the API server give these answers; the list is what it was asked, as it goes."""
    asked: list[str] = []

    def ask(_layout: Layout, _port: object, path: str, *, method: str = "GET", **_: object) -> Answer:
        asked.append(f"{method} {path}")
        return next(answers)

    monkeypatch.setattr(api_access, "ask", ask)
    return asked


BUSY = [Answer(0, "The read operation timed out"), Answer(429, ""), Answer(500, "etcdserver: request timed out"),
        Answer(503, "")]  # fmt: skip


def always(answer: Answer) -> Iterator[Answer]:
    while True:
        yield answer


def test_base_objects_are_put_up_by_an_api_server_that_was_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_access, "PATIENCE_SECONDS", 60.0)
    objects = len(base_objects.base_objects())
    asked = says(iter([*BUSY, *[Answer(200, "{}")] * objects]), monkeypatch)
    base_objects.ensure_base_objects(Layout(), QUIET)
    assert len(asked) == objects + len(BUSY)


@pytest.mark.parametrize(("answer", "times"), [(Answer(409, '{"message": "no"}'), "once"), (BUSY[0], "often")])
def test_a_refusal_is_told_at_once_and_silence_in_the_end(
    answer: Answer, times: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = says(always(answer), monkeypatch)
    with pytest.raises(UserError, match=r"ClusterRoleBinding aigc:apiserver-kubelet-client"):
        base_objects.ensure_base_objects(Layout(), QUIET)
    assert (len(asked) == 1) is (times == "once")


def test_only_an_api_server_that_knows_of_no_mark_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty mark throws etcd's data away: it must never stand for an answer that did not come."""
    says(iter([BUSY[0], Answer(404, "{}")]), monkeypatch)
    monkeypatch.setattr(api_access, "PATIENCE_SECONDS", 60.0)
    assert mark.found(Layout(), QUIET) == ""
    says(iter([BUSY[2], Answer(200, json.dumps({"data": {mark.KEY: "m"}}))]), monkeypatch)
    assert mark.found(Layout(), QUIET) == "m"
    monkeypatch.setattr(api_access, "PATIENCE_SECONDS", 0.05)
    for answer in (*BUSY, Answer(403, "")):
        says(always(answer), monkeypatch)
        with pytest.raises(UserError, match="does not tell"):
            mark.found(Layout(), QUIET)
