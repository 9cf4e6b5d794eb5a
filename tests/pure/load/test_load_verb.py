"""`load` and `load-compare` as they are typed: real servers on loopback, exit codes, faults before anything is sent."""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped,unused-ignore]
import pytest
import typer
from typer.testing import CliRunner, Result

from aigc.catalog.faults import Fault, UserError
from aigc.plan.ledger.endpoint_load import NotPredicted, Predicted
from aigc.plan.ledger.serving_file import read_serving
from scripts.__main__ import main
from scripts.load import compare, prediction
from scripts.load.mix import MARKS
from scripts.load.run_file import read_run, save_run
from scripts.load.target import is_own
from scripts.load.words import number
from scripts.verbs import load, load_compare
from tests.pure.load.runs import run_of, sample
from tests.pure.model.fake_servers import Seen, abort, grpc_answer, grpc_server, http_answer, http_server
from tests.pure.model.test_client import HELLO, HOST

FAST = ["--seconds", "0.6", "--warmup-seconds", "0.1", "--host", HOST]


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    load.register(app)
    load_compare.register(app)
    return app


@pytest.fixture
def server() -> Iterator[tuple[str, Seen]]:
    with grpc_server(lambda *_: grpc_answer(HELLO)) as served:
        yield served


def ask(app: typer.Typer, *arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def fault_of(result: Result) -> Fault:
    assert isinstance(result.exception, UserError), (result.exception, result.output)
    assert result.stdout == ""
    return result.exception.faults[0]


def test_an_open_loop_over_grpc(app: typer.Typer, server: tuple[str, Seen], tmp_path: Path) -> None:
    report, out = tmp_path / "new folder" / "load.html", tmp_path / "run.json"
    files = ["--report", report, "--out", out]
    result = ask(app, "load", "gpt", "--rps", "60", "--address", server[0], *FAST, *files)
    assert result.exit_code == 0, result.output
    for said in ("answers", "p50", "95% interval", "warm-up", "schedule lag", "tokens/s"):
        assert said in result.stdout
    run = read_run(out)
    assert run.prediction == NotPredicted(reason=f"which stack serves {server[0]} is not known: --stack names it")
    assert run.prediction.reason in result.stdout
    assert run.prediction.reason in report.read_text()
    assert all(not s.error and s.output_tokens == 5 for s in run.samples), "the end mark is no token"
    assert len(server[1].models) == len(run.samples) + 2, "one to wake the model, one on the other connection"
    assert "Load test of gpt" in report.read_text()


def test_a_closed_loop_over_http_in_json(app: typer.Typer) -> None:
    with http_server(200, http_answer(HELLO), seconds=0.02) as (address, received):
        arguments = ["--concurrency", 3, "--protocol", "http", "--address", address, *FAST, "--format", "json"]
        result = ask(app, "load", "gpt", *arguments, "--prompt-tokens", 9, "--output-tokens", 4, "--stack", "local")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["summary"]["answered"] > 10
    assert document["summary"]["percentiles"]["p50"]["value_ms"] >= 20
    assert document["summary"]["errors"] == {}
    assert document["settings"]["mix"]["name"] == "fixed"
    assert "samples" not in document
    assert "stacks/Pulumi.local.yaml predicts nothing of gpt" in document["prediction"]["reason"]
    assert document["prediction_errors"] == {"requests_per_second": None, "p50_ms": None, "p99_ms": None}
    assert {headers["host"] for headers in received} == {HOST}


def test_a_load_of_the_local_cluster_has_its_prediction_beside_it(
    app: typer.Typer, server: tuple[str, Seen], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """As if loopback were the cluster, on the processor whose batches are kept."""
    kept = read_serving(prediction.SERVING)
    request = next(one.request for one in kept.models if one.model == "gpt")
    monkeypatch.setattr(prediction, "in_local_cluster", lambda _: True)
    monkeypatch.setattr(prediction, "cpu_name", lambda: kept.cpu)
    lengths = ["--prompt-tokens", request.tokens_in - MARKS, "--output-tokens", request.tokens_out]
    out = tmp_path / "run.json"
    result = ask(app, "load", "gpt", "--concurrency", 2, "--address", server[0], *FAST, *lengths, "--out", out)
    assert result.exit_code == 0, result.output
    found = read_run(out).prediction
    assert isinstance(found, Predicted)
    assert found.hardware == kept.cpu
    assert f"{number(found.requests_per_second)} answers/s (" in result.stdout
    assert main(["ledger", "--load", str(out)]) == 0
    assert "gpt, closed loop by batches: throughput" in capsys.readouterr().out


def test_failures_are_counted_in_words_and_end_with_1(app: typer.Typer) -> None:
    turn = itertools.count()

    def answer(request: Any, context: Any) -> Any:
        number = next(turn)  # the first requests make the connections
        return refuse(request, context) if number > 3 and number % 3 == 0 else grpc_answer(HELLO)

    refuse = abort(grpc.StatusCode.UNAVAILABLE, "no healthy upstream")
    with grpc_server(answer) as (address, _):
        result = ask(app, "load", "gpt", "--rps", 60, "--address", address, *FAST)
    assert result.exit_code == 1, result.output
    assert "has no replica ready" in result.stdout
    assert "% of the requests failed, at most 1% may" in result.stdout


def test_nobody_there_is_a_fault_and_no_report(app: typer.Typer, tmp_path: Path) -> None:
    report = tmp_path / "load.html"
    fault = fault_of(ask(app, "load", "gpt", "--rps", 5, "--address", "127.0.0.1:1", *FAST, "--report", report))
    assert "cannot be reached" in fault.problem
    assert not report.exists()


def test_ctrl_c_reports_what_was_measured_and_ends_with_130(app: typer.Typer, tmp_path: Path) -> None:
    turn = itertools.count()

    def answer(_request: Any, _context: Any) -> Any:
        if next(turn) == 20:
            os.kill(os.getpid(), signal.SIGINT)
        return grpc_answer(HELLO)

    before, started = signal.getsignal(signal.SIGINT), time.monotonic()
    with grpc_server(answer) as (address, _):
        arguments = ["--concurrency", 2, "--seconds", 60, "--warmup-seconds", 0, "--address", address, "--host", HOST]
        result = ask(app, "load", "gpt", *arguments, "--out", tmp_path / "run.json")
    assert result.exit_code == 130, result.output
    assert time.monotonic() - started < 10
    assert "interrupted after" in result.stdout
    run = read_run(tmp_path / "run.json")
    assert run.interrupted
    assert len(run.samples) >= 10
    assert signal.getsignal(signal.SIGINT) is before


WRONG = [
    (["--seconds", 5], "--rps, --concurrency", "neither"),
    (["--seconds", 5, "--rps", 1, "--concurrency", 1], "--rps, --concurrency", "both"),
    (["--seconds", 5, "--rps", 0], "--rps", "is 0"),
    (["--seconds", 5, "--rps", -3], "--rps", "is -3"),
    (["--seconds", 5, "--rps", "nan"], "--rps", "is nan"),
    (["--seconds", 5, "--rps", "inf"], "--rps", "is inf"),
    (["--seconds", 3600, "--rps", 1000], "--rps, --seconds", "3600000 requests"),
    (["--seconds", 5, "--concurrency", 0], "--concurrency", "is 0"),
    (["--seconds", 5, "--concurrency", 100000], "--concurrency", "is 100000"),
    (["--seconds", 0, "--rps", 1], "--seconds", "is 0 s"),
    (["--seconds", "nan", "--rps", 1], "--seconds", "is nan s"),
    (["--seconds", 1e9, "--rps", 1], "--seconds", "is 1e+09 s"),
    (["--seconds", 5, "--rps", 1, "--warmup-seconds", 5], "--warmup-seconds", "is 5 s of 5 s"),
    (["--seconds", 5, "--rps", 1, "--warmup-seconds", -1], "--warmup-seconds", "is -1 s"),
    (["--seconds", 5, "--rps", 1, "--timeout", 0], "--timeout", "is 0 s"),
    (["--seconds", 5, "--rps", 1, "--drain-seconds", "inf"], "--drain-seconds", "is inf s"),
    (["--seconds", 5, "--rps", 1, "--max-error-percent", 101], "--max-error-percent", "is 101"),
    (["--seconds", 5, "--rps", 1, "--p99-ms", 0], "--p99-ms", "is 0"),
    (["--seconds", 5, "--rps", 1, "--p99-ms", 100], "--p99-ms", "needs 368 answers"),
    (["--seconds", 5, "--rps", 1, "--prompt-tokens", 5], "--output-tokens", "is missing"),
    (["--seconds", 5, "--rps", 1, "--output-tokens", 5], "--prompt-tokens", "is missing"),
    (["--seconds", 5, "--rps", 1, "--prompt-tokens", 999, "--output-tokens", 5], "--prompt-tokens", "255"),
    (["--seconds", 5, "--rps", 1, "--stack", "nowhere"], "stack nowhere", "there is no"),
    (["--seconds", 5, "--rps", 1, "--mix", "../x"], "--mix ../x", "no known mix"),
    (["--seconds", 5, "--rps", 1, "--address", "93.184.216.34:80"], "--address 93.184.216.34:80", "neither loopback"),
    (["--seconds", 5, "--rps", 1, "--address", "example.org:80"], "--address example.org:80", "neither loopback"),
    (["--seconds", 5, "--rps", 1, "--address", "localhost"], "--address", "HOST:PORT"),
    (
        ["--seconds", 5, "--rps", 1, "--report", "/proc/nobody/x.html"],
        "--report /proc/nobody/x.html",
        "cannot be written",
    ),
    (["--seconds", 5, "--rps", 1, "--out", "/"], "--out /", "cannot be written"),
    (["--seconds", 5, "--rps", 1, "--out", "x.html", "--report", "x.html"], "--report, --out", "both"),
]


@pytest.mark.parametrize(("arguments", "where", "problem"), WRONG)
def test_what_cannot_be_done_is_refused_before_anything_is_sent(
    app: typer.Typer, server: tuple[str, Seen], arguments: list[object], where: str, problem: str
) -> None:
    address = [] if "--address" in arguments else ["--address", server[0]]
    fault = fault_of(ask(app, "load", "gpt", "--host", HOST, *address, *arguments))
    assert fault.where.startswith(where)
    assert problem in fault.problem
    assert fault.way_out
    assert server[1].models == []


def test_a_bad_command_line_ends_with_2_and_no_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["load", "gpt", "--seconds", "5"]) == 2
    assert main(["load", "gpt_core", "--seconds", "5", "--rps", "1"]) == 2
    assert main(["load", "gpt", "--seconds", "5", "--rps", "many"]) == 2
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1:80", True), ("localhost:80", True), ("[::1]:80", True), ("127.8.8.8:80", True),
        ("10.217.0.1:30080", True), ("10.217.255.9:8001", True), ("10.96.0.10:80", True),
        ("10.218.0.1:80", False), ("10.0.0.1:80", False), ("0.0.0.0:80", False), ("8.8.8.8:80", False),
        ("localhost.example.org:80", False), ("[2001:db8::1]:80", False), ("127.1:80", False),
    ],
)  # fmt: skip
def test_only_loopback_and_the_local_cluster_are_loaded_without_being_asked(address: str, own: bool) -> None:
    assert is_own(address) is own


def test_the_owner_of_a_server_may_load_it(app: typer.Typer) -> None:
    """127.1 is this machine for the operating system, but not for who reads the command."""
    arguments = ["load", "gpt", "--rps", 5, "--address", "127.1:1", *FAST]
    assert "--i-own-this-target" in fault_of(ask(app, *arguments)).way_out
    assert "cannot be reached" in fault_of(ask(app, *arguments, "--i-own-this-target")).problem


def test_two_runs_are_compared(app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "DRAWS", 400)
    old, new, other = (tmp_path / f"{name}.json" for name in ("old", "new", "other"))
    save_run(run_of([sample(i / 50, 50 + i % 9) for i in range(500)]), old)
    save_run(run_of([sample(i / 50, 90 + i % 9) for i in range(500)]), new)
    save_run(run_of([sample(i / 50, 50) for i in range(500)], rps=50.0), other)
    report = tmp_path / "folder" / "compare.html"
    worse = ask(app, "load-compare", old, new, "--report", report)
    assert (worse.exit_code, "worse" in worse.stdout) == (1, True)
    assert "what changed" in report.read_text()
    better = ask(app, "load-compare", new, old, "--format", "json")
    assert better.exit_code == 0
    assert {d["name"]: d["verdict"] for d in json.loads(better.stdout)["differences"]}["p99"] == "better"
    assert "--force" in fault_of(ask(app, "load-compare", old, other)).way_out
    forced = ask(app, "load-compare", old, other, "--force")
    assert "rps differs: 10.0 in the old run, 50.0 in the new" in forced.stdout
    assert "cannot be read" in fault_of(ask(app, "load-compare", old, tmp_path / "none.json")).problem
