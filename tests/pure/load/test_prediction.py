"""What is predicted of a load before it is sent, kept in its file, and said beside what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from aigc.config.stack_file import parse_stack_file
from aigc.config.stacks import MODEL_REPOSITORY, stack_path
from aigc.plan.ledger.endpoint_load import Basis, NotPredicted, Predicted
from aigc.plan.resolve import resolve
from scripts.load import prediction
from scripts.load.mix import Mix, fixed_mix, trace_mix
from scripts.load.prediction import SERVING, meant_loop, predicted_load
from scripts.load.run_file import Run, read_run, save_run
from scripts.load.settings import LoadSettings
from scripts.load.summary import summarise
from scripts.load.target import in_local_cluster
from scripts.load.words import prediction_rows
from scripts.processor import cpu_name
from tests.pure.ledger.served_examples import BATCHING, CPU_NAME, document
from tests.pure.load.runs import closed, run_of, sample, settings
from tests.pure.model.test_client import HOST

MEASURED = fixed_mix(32, 8, None)
GATEWAY = {"host": HOST, "address": "10.217.0.1:30080", "arrivals": "poisson", "mix": MEASURED.facts}
PREDICTED = Predicted(
    basis=Basis.BATCHES, source="serving.json", hardware=CPU_NAME, requests_per_second=12.0, p50_ms=40.0, p99_ms=80.0,
    left_out=("the way through gateway and mux", "starts from zero"),
)  # fmt: skip
REASON = NotPredicted(reason="no stack is named")


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Batches of gpt that were measured on this very processor."""
    monkeypatch.setattr(prediction, "cpu_name", lambda: CPU_NAME)
    path = tmp_path / "serving.json"
    path.write_text(json.dumps(document(loads=[])))
    return path


def reason(wanted: LoadSettings, serving: Path, lengths: Mix = MEASURED, stack: str | None = None) -> str:
    found = predicted_load(wanted, lengths, stack, serving)
    assert isinstance(found, NotPredicted), found
    return found.reason


def test_an_endpoint_of_this_machine_is_predicted_by_its_batches(serving: Path) -> None:
    found = predicted_load(closed(1, **GATEWAY), MEASURED, None, serving)
    assert isinstance(found, Predicted)
    assert (found.basis, found.hardware) == (Basis.BATCHES, CPU_NAME)
    assert found.source == f"{serving} of 2026-11-29"
    assert found.p50_ms is not None
    # A batch of one, and what is around it.
    assert found.requests_per_second == pytest.approx(1000 / found.p50_ms, rel=0.01)
    assert "the way through gateway, queue-proxy and mux" in found.left_out
    over_http = predicted_load(closed(1, **GATEWAY, protocol="http"), MEASURED, "local", serving)
    assert isinstance(over_http, Predicted)
    assert over_http.left_out == ("what http costs more than gRPC", *found.left_out)


def test_the_stack_file_comes_first(serving: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = yaml.safe_load(stack_path("local").read_text())
    stack["config"]["aigc:stack"]["models"]["gpt"]["predicted"] = {
        "requests_per_second": 50, "p50_ms": 30, "p99_ms": 90
    }  # fmt: skip
    path = tmp_path / "Pulumi.local.yaml"
    path.write_text(yaml.safe_dump(stack))
    monkeypatch.setattr(prediction, "stack_path", lambda _: path)
    monkeypatch.setattr(prediction, "plan_of", lambda name: resolve(parse_stack_file(path), name, MODEL_REPOSITORY))
    wanted = settings(**GATEWAY)
    found = predicted_load(wanted, MEASURED, None, serving)
    assert isinstance(found, Predicted)
    assert (found.basis, found.source, found.hardware) == (Basis.STACK_FILE, str(path), CPU_NAME)
    meant = meant_loop(wanted)
    assert meant is not None
    assert found.requests_per_second == meant.rate


def test_why_nothing_is_predicted(serving: Path, tmp_path: Path) -> None:
    here = settings(**GATEWAY)
    elsewhere = settings(**GATEWAY | {"address": "127.0.0.1:80"})
    assert reason(elsewhere, serving) == "which stack serves 127.0.0.1:80 is not known: --stack names it"
    assert reason(elsewhere, serving, stack="local") == (
        "stacks/Pulumi.local.yaml predicts nothing of gpt, and batches are known of this machine's cluster alone"
    )
    # An address of a cloud may look like one of the local cluster.
    assert "of this machine's cluster alone" in reason(settings(**GATEWAY), serving, stack="gcp-dev")
    assert reason(settings(**GATEWAY | {"host": "gpt.example"}), serving) == "stack local serves no gpt at gpt.example"
    assert "this load has 226 lengths" in reason(here, serving, trace_mix("azure-llm-2023-conv", 256))
    late = settings(**GATEWAY | {"arrivals": "constant"}, seconds=1.0, warmup_seconds=0.9, rps=1.0)
    assert reason(late, serving) == "no request is meant for the time after the warm-up"
    assert reason(here, tmp_path / "none.json").startswith(f"{tmp_path / 'none.json'}: cannot be read")
    serving.write_text(json.dumps(document(loads=[], batching={**BATCHING, "instances": 1})))
    assert "another batching" in reason(here, serving)


def test_the_rate_is_that_of_the_requests_that_are_meant_for_the_measured_part() -> None:
    even = meant_loop(settings(rps=10.0, warmup_seconds=2.0))
    assert even is not None
    assert even.rate == 10.0
    random = meant_loop(settings(rps=10.0, arrivals="poisson", warmup_seconds=2.0))
    assert random is not None
    assert random.rate not in {None, 10.0}
    users = meant_loop(closed(3))
    assert users is not None
    assert (users.concurrency, users.rate) == (3, None)


def test_the_kept_batches_are_where_they_are_looked_for() -> None:
    assert SERVING.is_file()


@pytest.mark.parametrize("found", [PREDICTED, REASON, None])
def test_a_run_keeps_its_prediction(found: Predicted | NotPredicted | None, tmp_path: Path) -> None:
    run = run_of([sample(0, 50)]).model_copy(update={"prediction": found})
    save_run(run, tmp_path / "run.json")
    assert read_run(tmp_path / "run.json").prediction == found


def test_an_older_run_is_read_and_has_none(tmp_path: Path) -> None:
    run = tmp_path / "run.json"
    save_run(run_of([sample(0, 50)]), run)
    older = json.loads(run.read_text())
    del older["prediction"]
    run.write_text(json.dumps(older))
    assert read_run(run).prediction is None


def predicted_run(found: Predicted | NotPredicted | None, count: int = 500) -> Run:
    """10 s in which every answer takes 50 ms."""
    samples = [sample(10 * at / count, 50) for at in range(count)]
    return run_of(samples, rps=count / 10).model_copy(update={"prediction": found})


def test_one_line_says_the_prediction_and_its_error_or_why_there_is_none() -> None:
    def said(found: Predicted | NotPredicted | None, count: int = 500) -> list[tuple[str, str]]:
        run = predicted_run(found, count)
        return prediction_rows(run, summarise(run))

    left_out = "not in it: the way through gateway and mux; starts from zero"
    assert said(PREDICTED) == [
        ("predicted", f"12 answers/s (-76%), p50 40 ms (-20%), p99 80 ms (+60%) by serving.json; {left_out}")
    ]
    assert "p99 80 ms (not measured)" in said(PREDICTED, 100)[0][1]
    unbounded = PREDICTED.model_copy(update={"p50_ms": None, "p99_ms": None, "without_bound": True, "left_out": ()})
    assert said(unbounded) == [("predicted", "12 answers/s (-76%), latency without a bound by serving.json")]
    assert said(REASON) == [("predicted", "nothing: no stack is named")]
    assert said(None) == []


@pytest.mark.parametrize(
    ("address", "local"),
    [("10.217.0.1:30080", True), ("10.96.0.10:80", True), ("127.0.0.1:80", False), ("localhost:80", False)],
)
def test_loopback_may_lead_out_of_the_local_cluster(address: str, local: bool) -> None:
    assert in_local_cluster(address) is local


def test_a_cpu_is_named_as_the_kernel_does(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\ncpu family\t: 6\nmodel\t\t: 207\nmodel name\t: Any CPU\n\nprocessor\t: 1\n")
    assert cpu_name(cpuinfo) == "Any CPU, family 6 model 207"
    cpuinfo.write_text("processor\t: 0\nCPU implementer\t: 0x41\n")
    assert cpu_name(cpuinfo) is None
    assert cpu_name(tmp_path / "none") is None
