"""`status --html`: a bad path is refused before anything is asked; a page is written whatever can be known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aigc.catalog.faults import fail
from scripts.__main__ import main
from scripts.local import prometheus as server
from scripts.local.cluster_api import ProcessStatus
from scripts.local.prometheus import Prometheus, UnansweredError
from scripts.local.workloads import Workloads, WorkloadStatus
from scripts.verbs import status
from tests.pure.program.plans import local_plan
from tests.pure.status_page.samples import COLD, PROCESSES, fake_prometheus


def running() -> list[ProcessStatus]:
    return [ProcessStatus(name, "running", "pid 7") for name in ("etcd", "kube-apiserver")]


def raising(error: Exception) -> Callable[..., object]:
    def give(*_: object, **__: object) -> object:
        raise error

    return give


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that is up, with a Prometheus."""
    plan = local_plan()
    monkeypatch.setattr(status, "cluster_status", running)
    monkeypatch.setattr(status, "workloads_or_words", lambda: [WorkloadStatus("models", "gpt", True, "ready")])
    monkeypatch.setattr(Workloads, "connect", lambda path: None)
    monkeypatch.setattr(Prometheus, "of", lambda workloads: fake_prometheus(plan, {"gpt": COLD}))
    monkeypatch.setattr("aigc.plan.validation.plan_of", lambda stack: plan)


def test_a_page_is_written_beside_the_tables(sound: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "status.html"
    assert main(["status", "--html", str(path)]) == 0
    assert "kube-apiserver" in capsys.readouterr().out
    assert "Why is p99 up? cold start" in path.read_text("utf-8")


@pytest.mark.parametrize("broken", [UnansweredError("no pod of Prometheus is ready"), fail("x", "is away", "get it")])
def test_without_prometheus_the_page_says_so_and_the_exit_code_is_that_of_status(
    sound: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: Exception
) -> None:
    monkeypatch.setattr(Prometheus, "of", raising(broken))
    path = tmp_path / "status.html"
    assert main(["status", "--html", str(path)]) == 0
    text = path.read_text("utf-8")
    assert "No numbers: " in text and ("no pod of Prometheus is ready" in text or "is away → get it" in text)
    assert "kube-apiserver" in text and "ready" in text


def test_when_prometheus_ends_while_it_is_asked_the_page_says_so(
    sound: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.Prometheus, "query_range", raising(UnansweredError("it does not answer: gone")))
    assert main(["status", "--html", str(tmp_path / "status.html")]) == 0
    assert "it does not answer: gone" in (tmp_path / "status.html").read_text("utf-8")


def test_a_cluster_that_is_down_is_a_no_and_still_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "cluster_status", list)
    monkeypatch.setattr(status, "KUBECONFIG", tmp_path / "no-kubeconfig")
    path = tmp_path / "status.html"
    assert main(["status", "--html", str(path)]) == 1
    text = path.read_text("utf-8")
    assert "The local cluster is down; `make up` brings it up." in text
    assert "there is no kubeconfig" in text and "run `make up`" in text


def test_what_does_not_run_is_a_no(sound: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "cluster_status", lambda: [*running(), *PROCESSES])
    assert main(["status", "--html", str(tmp_path / "status.html")]) == 1


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (["--html", "/proc/nothing/status.html"], "--html /proc/nothing/status.html"),
        (["--html", "."], "--html ."),
        (["--minutes", "0"], "--minutes"),
        (["--minutes", "nan"], "--minutes"),
        (["--minutes", "1e9"], "--minutes"),
    ],
)
def test_bad_input_is_refused_with_the_way_out(
    arguments: list[str], where: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(status, "cluster_status", raising(AssertionError("asked before the input was checked")))
    assert main(["status", *arguments]) == 2
    said = capsys.readouterr().err
    assert where in said and "→" in said and "Traceback" not in said
