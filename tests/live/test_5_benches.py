"""One short round of each bench: its result is whole, its answers are right, and the order of things is as it must be.

Times here are those of a busy machine: what is asserted are counts, orders and sums, never milliseconds.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import run

pytestmark = pytest.mark.live

MADE_BY = ("command", "commit", "date", "machine")
STAGES = ("request_to_pod", "pod_to_node", "node_to_process", "process_to_serving", "serving_to_answer")
MS_OF_NOISE = 0.5
"""Two entries of one warm pod may come out in the wrong order by so much when the machine is busy."""


def bench(name: str, folder: Path, *arguments: str) -> Any:
    command = [".venv/bin/python", "-m", f"tests.bench.bench_{name}", *arguments, "--out", str(folder)]
    done = run(command, timeout_seconds=240)
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads((folder / f"{name}.json").read_text())
    assert all(result[fact] for fact in MADE_BY)
    assert result["command"] == " ".join([f"python -m tests.bench.bench_{name}", *arguments])
    return result


def test_batching_batches_and_changes_no_answer(first_up: subprocess.CompletedProcess[str], tmp_path: Path) -> None:
    arguments = ["--rounds", "1", "--seconds", "5", "--concurrency", "32", "--no-balanced"]
    result = bench("batching", tmp_path, *arguments)
    (load,) = result["loads"]
    assert load["gpt"]["mean_batch"] > 4, "32 senders and the next batch forms while one is decoded"
    assert load["gpt_wide"]["mean_batch"] > load["gpt"]["mean_batch"]
    assert load["gpt_handbook"]["mean_batch"] == 1
    assert {load[side]["errors"] for side in ("gpt", "gpt_wide", "gpt_handbook")} == {0}
    assert load["gpt"]["requests_per_second_ratio"]["value"] > 1
    assert load["gpt_wide"]["requests_per_second_ratio"]["value"] > 1
    equality = result["answers_equal"]
    assert equality["requests"] > 32
    assert equality["equal"] == equality["requests"]
    assert equality["contradicting_themselves"] == 0


def test_predictions_stand_beside_a_bare_server_that_needs_no_cluster(tmp_path: Path) -> None:
    arguments = ["--models", "gpt_core", "--rounds", "1", "--seconds", "0.2"]
    result = bench("triton_predictions", tmp_path, *arguments)
    (model,) = result["models"]
    assert [one["batch"] for one in model["batches"]] == [1, 2, 4, 8]
    assert all(load["errors"] == 0 and load["mean_batch"] == 1 for load in model["loads"])
    closed = [load["concurrency"] for load in model["loads"] if load["concurrency"]]
    assert closed == [1, 2, 4, 8, 16, 32]
    assert len(result["predicted"]["loads"]) == len(closed) + 2 * (len(model["loads"]) - len(closed))


def test_no_entry_is_faster_than_what_lies_behind_it(
    first_up: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    requests = bench("path", tmp_path, "--rounds", "40")["requests"]
    assert set(requests) == {"grpc ready", "grpc infer", "http ready"}
    for facts in requests.values():
        medians = {entry: times["p50_ms"] for entry, times in facts["entries"].items()}
        assert set(medians) == {"triton", "mux", "queue-proxy", "gateway", "activator"}
        for station, added in facts["added"].items():
            assert added["p50_ms"]["high"] > -MS_OF_NOISE, f"{station} makes requests faster: {added}"
        assert facts["added"]["whole path"]["p50_ms"]["value"] > 0


def test_the_stages_of_a_cold_start_add_up(first_up: subprocess.CompletedProcess[str], tmp_path: Path) -> None:
    result = bench("cold_start", tmp_path, "--starts", "1")
    assert result["starts"] == 1
    stages = {stage: times["median_seconds"] for stage, times in result["cold_start"].items()}
    assert sum(stages[stage] for stage in STAGES) == pytest.approx(stages["total"], abs=0.01)
    assert all(stages[stage] > -0.05 for stage in STAGES), f"stages follow one another: {stages}"
    assert result["bare_server"]["server"]["median_seconds"] < stages["total"]
    assert result["ratio_to_bare_server"]["value"] > 1
