"""`plan --workload` with a file of models: one JSON document, or the fleet in text; 1 for none, 2 for faults."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from scripts.__main__ import main
from tests.pure.fleet.examples import half_full
from tests.pure.fleet.test_wanted_file import GOOD, changed, written


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule in place of the queue, which takes half a second for each rate."""
    monkeypatch.setattr("aigc.plan.fleet.queue_rate.largest_rate", half_full)


def test_json_is_one_document_with_every_part(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--workload", str(written(tmp_path, GOOD)), "--format", "json"]) == 0
    printed = capfd.readouterr()
    document = json.loads(printed.out)
    assert document["feasible"] and document["usd_per_hour"] > 0 and document["gap"] < 1e-3
    assert {one["model"] for one in document["replicas"]} == {"chat", "seen"}
    assert {"price unknown", "no facts"} <= {one["reason"] for one in document["rejected_machines"]}
    assert printed.err == ""


def test_text_says_what_is_rented_and_why_the_rest_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--workload", str(written(tmp_path, GOOD))]) == 0
    text = capsys.readouterr().out
    assert text.startswith("$") and "a gap of 0.0" in text.splitlines()[1]
    for part in (
        "\nMachines\n",
        "\nReplicas\n  chat: ",
        "\nAssumed, and measured by nobody\n",
        "\nMachines that serve",
    ):
        assert part in text


def test_no_fleet_ends_with_1_and_says_what_would_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, changed(("models", 0, "p99_ms"), 3))
    assert main(["plan", "--workload", str(path)]) == 1
    text = capsys.readouterr().out
    assert "chat: objective: no accelerator serves class short within 3 ms: p99_ms " in text
    assert main(["plan", "--workload", str(path), "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["feasible"] is False


def test_a_fault_ends_with_2_and_names_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document: dict[str, Any] = copy.deepcopy(GOOD)
    del document["models"][0]["p99_ms"]
    assert main(["plan", "--workload", str(written(tmp_path, document))]) == 2
    assert "models[0].p99_ms" in capsys.readouterr().err
