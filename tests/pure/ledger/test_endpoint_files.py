"""`ledger --load FILE`: runs from their files, alone or beside other measurements; faults end with 2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.__main__ import main
from scripts.load.run_file import Run, save_run
from tests.pure.ledger.served_examples import CPU_NAME, document
from tests.pure.load.runs import run_of, sample
from tests.pure.load.test_prediction import PREDICTED, REASON, predicted_run


def saved(folder: Path, name: str, run: Run) -> str:
    save_run(run, folder / name)
    return str(folder / name)


def test_ledger_shows_runs_alone_in_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        saved(tmp_path, f"{index}.json", predicted_run(found)) for index, found in enumerate((PREDICTED, REASON, None))
    ]
    assert main(["ledger", *(part for file in files for part in ("--load", file))]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"Endpoints under load on {CPU_NAME}")
    assert "gpt, open loop by batches: throughput 76% at the median, -76% at worst" in text
    assert f"gpt, open, 50 a second ({files[0]}): not in the prediction: the way through gateway and mux; " in text
    assert f"gpt, open, 50 a second ({files[1]}): no stack is named" in text
    assert f"gpt, open, 50 a second ({files[2]}): the run has no prediction" in text
    assert "by roofline" not in text


def test_a_doubtful_run_says_so_where_it_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = predicted_run(PREDICTED).model_copy(update={"interrupted": True, "elapsed_seconds": 5.0})
    assert main(["ledger", "--load", saved(tmp_path, "run.json", run)]) == 0
    assert "interrupted after 5.0 s of 10 s" in capsys.readouterr().out
    users = [sample(at / 50, 50) for at in range(500)]
    slow = run_of(users, mode="closed", rps=None, concurrency=1).model_copy(update={"prediction": PREDICTED})
    assert main(["ledger", "--load", saved(tmp_path, "run.json", slow)]) == 0
    assert "a closed loop asks a slow server less" not in capsys.readouterr().out


def test_ledger_shows_runs_in_json_and_beside_other_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    file = saved(tmp_path, "run.json", predicted_run(PREDICTED))
    assert main(["ledger", "--load", file, "--format", "json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert list(alone) == ["endpoints"]
    assert alone["endpoints"]["rows"][0]["errors"]["p50_ms"] == pytest.approx(-0.2)
    serving = tmp_path / "serving.json"
    serving.write_text(json.dumps(document(loads=[])))
    assert main(["ledger", "--load", file, "--serving", str(serving), "--format", "json"]) == 0
    both = json.loads(capsys.readouterr().out)
    assert {"rows", "serving", "endpoints"} <= set(both)
    assert both["endpoints"] == alone["endpoints"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"prediction": {"reason": 3}}, "run.json: prediction"),
        ({"rows": None}, "run.json"),
        ({"settings": {"concurrency": 3}}, "run.json: settings"),
    ],
)
def test_a_file_that_is_no_run_ends_with_2(
    changed: dict[str, Any], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = saved(tmp_path, "run.json", predicted_run(PREDICTED, 5))
    kept = json.loads(Path(file).read_text())
    settings_changed = {"settings": kept["settings"] | changed["settings"]} if "settings" in changed else changed
    Path(file).write_text(json.dumps(kept | settings_changed))
    assert main(["ledger", "--load", file]) == 2
    heard = capsys.readouterr().err.replace("\n", "")
    assert said in heard
    assert "python -m scripts load ... --out FILE.json" in heard
    assert main(["ledger", "--load", str(tmp_path / "none.json")]) == 2
