"""`ledger` on a terminal: the table, one JSON document, what an earlier ledger said; faults end with 2."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from aigc.catalog.reference.architectures import BERT_BASE
from scripts.__main__ import main
from tests.bench.bench_ledger import COMMAND, ledger
from tests.bench.result_file import RESULTS
from tests.pure.cost_model.test_profile_file import GOOD, written

KEPT = RESULTS / "ledger.json"
MEASURED = copy.deepcopy(GOOD)
MEASURED["profiles"][0] |= {"model": BERT_BASE.name, "accelerator_id": "nvidia-h200-141gb"}


def test_the_kept_ledger_is_what_the_cost_model_says_now() -> None:
    kept, now = json.loads(KEPT.read_text()), ledger()
    assert kept["command"] == COMMAND
    assert kept["runs"] == now["runs"]
    stale = "run python -m tests.bench.bench_ledger: the difference is what a change of the cost model is worth"
    for was, found in zip(kept["scores"], now["scores"], strict=True):
        for quantity in ("latency", "throughput"):
            assert was[quantity] == pytest.approx(found[quantity], rel=0.02), stale
    for was, found in zip(kept["rows"], now["rows"], strict=True):
        for method, prediction in found["predicted"].items():
            assert was["predicted"][method] == pytest.approx(prediction, rel=0.02, abs=0.005), stale


def test_json_is_one_document(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--profiles", str(written(tmp_path, MEASURED)), "--format", "json"]) == 0
    document = json.loads(capfd.readouterr().out)
    (row,) = document["rows"]
    assert (row["model"], row["latency_ms"]) == (BERT_BASE.name, 4.0)
    # Alone, a model has no others to be calibrated on.
    assert row["predicted"]["assumed"] == row["predicted"]["calibrated"]


def test_an_earlier_ledger_stands_in_brackets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = json.loads(KEPT.read_text())
    for score in kept["scores"]:
        score["latency"]["worst"] = 9.99
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps(kept))
    assert main(["ledger", "--profiles", str(written(tmp_path, MEASURED)), "--against", str(earlier)]) == 0
    text = capsys.readouterr().out
    assert f"In brackets: the errors of {kept['date']}" in text
    assert "(+999%)" in text


@pytest.mark.parametrize("option", ["--profiles", "--against"])
def test_a_fault_ends_with_2_and_names_its_place(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.json"
    path.write_text('{"scores": 3}')
    assert main(["ledger", option, str(path)]) == 2
    assert "wrong.json: scores" in capsys.readouterr().err.replace("\n", "")
