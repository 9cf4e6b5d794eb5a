"""What a person reads about a process: its state and, in words, what is wrong."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.local.cluster import status
from scripts.local.cluster.api_access import Answer
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.supervisor import ProcessInfo

LOG = """2026-01-01 00:00:00,000 INFO supervisord started with pid 9
2026-01-01 00:00:01,000 INFO exited: etcd (exit status 9; not expected)
2026-01-02 00:00:00,000 INFO supervisord started with pid 10
2026-01-02 00:00:01,000 INFO spawned: 'etcd' with pid 11
2026-01-02 00:00:02,000 WARN exited: etcd (exit status 2; not expected)
2026-01-02 00:00:03,000 INFO exited: kube-apiserver (terminated by SIGKILL; not expected)
2026-01-02 00:00:04,000 WARN exited: etcd (exit status 2; not expected)
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.logs.mkdir()
    return layout


def test_exits_are_counted_since_the_supervisor_started(layout: Layout) -> None:
    (layout.logs / "supervisord.log").write_text(LOG)
    assert status.exits(layout) == {"etcd": 2, "kube-apiserver": 1}


@pytest.mark.parametrize(
    ("state", "problem", "exited", "expected_state", "words"),
    [
        ("RUNNING", "", 0, "running", "pid 7, for 90 s"),
        ("RUNNING", "", 1, "running", "pid 7, for 90 s; exited 1 time so far"),
        ("RUNNING", "503", 0, "failing", "runs (pid 7) but does not work: 503"),
        ("STARTING", "503", 0, "starting", "pid 7, for 90 s"),
        ("BACKOFF", "", 12, "failing", "exited 12 times; boom"),
        ("FATAL", "", 0, "failing", "does not start; boom"),
        ("STOPPED", "", 0, "stopped", "was stopped by hand"),
    ],
)
def test_words(state: str, problem: str, exited: int, expected_state: str, words: str) -> None:
    info = ProcessInfo("etcd", state, 7, 90, "Exited too quickly (process log may have details)")
    found = status.describe(info, exited, "boom", problem)
    assert (found.state, found.words) == (expected_state, words)


def test_what_the_supervisor_knows_of_a_start_comes_first() -> None:
    info = ProcessInfo("coredns", "BACKOFF", 0, 0, "can't find command '/x/coredns'")
    assert "can't find command '/x/coredns'" in status.describe(info, 0, "").words


@pytest.mark.parametrize(
    ("line", "is_damage"),
    [
        ('{"level":"fatal","msg":"failed to open WAL","error":"wal: file not found"}', True),
        (
            '{"level":"panic","msg":"failed to recover v3 backend: failed to find database snapshot file"}',
            True,
        ),
        ('{"level":"fatal","msg":"read","error":"walpb: crc mismatch"}', True),
        ('{"level":"warn","msg":"simple token is not cryptographically signed"}', False),
        ('{"level":"fatal","msg":"listen tcp 127.0.0.1:12379: bind: address already in use"}', False),
    ],
)
def test_damaged_data_of_etcd_is_told_from_other_trouble(layout: Layout, line: str, is_damage: bool) -> None:
    (layout.logs / "etcd.log").write_text(f"{line}\n")
    assert bool(status.etcd_damage(layout)) is is_damage


def test_what_keeps_a_process_from_working_is_told_by_its_cause_or_its_last_words(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout.etcd.mkdir(parents=True)
    assert status.said(layout, "etcd") == "last log line: none"
    (layout.logs / "etcd.log").write_text("it waits\n")
    assert status.said(layout, "etcd") == "last log line: it waits"
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=12_000_000))
    assert status.said(layout, "etcd").startswith("no space left on device: 12 MB free under ")
    assert status.said(layout, "kubelet") == "last log line: none"
    (layout.logs / "etcd.log").write_text("walpb: crc mismatch\n")
    assert status.said(layout, "etcd").endswith("`make up` builds the cluster anew")


def test_a_health_endpoint_is_reduced_to_what_failed() -> None:
    body = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]log ok\nreadyz check failed\n"
    assert Answer(500, body).words() == "500: etcd failed: reason withheld"
    assert Answer(403, '{"message": "no rights"}').words() == "403: no rights"
    assert Answer(0, "refused").words() == "refused"
